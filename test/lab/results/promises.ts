// What is asked of pg-ha in every scenario: only what is certain, whatever the machine's speed. Pure.
import type { Scenario } from '../scenarios/scenario.ts'
import type { Measures } from './measure.ts'

const DEFAULT_FAILOVER_TIMEOUT_MILLIS = 30_000
/** Beyond the longest wait: a statement's own time, and what a busy machine adds. */
const LENIENCE_MILLIS = 15_000

export interface Subject {
  readonly scenario: Scenario
  /** Whether pg-ha was given every server's own address. */
  readonly isHostList: boolean
  /** The servers' roles stayed as they were. */
  readonly isUndisturbed: boolean
}

/** The promises that were not kept, in words. */
export function brokenPromises(
  measures: Measures,
  { scenario, isHostList, isUndisturbed }: Subject,
): string[] {
  const faults: string[] = []
  const { lost, lostWithoutReason, doubled, errors } = measures
  if (doubled > 0) faults.push(`${doubled} rows are there twice`)
  if (lost > 0 && scenario.mayLose !== true && isUndisturbed)
    faults.push(`${lost} acknowledged rows are lost`)
  if (lost > 0 && scenario.synchronous) faults.push(`${lost} acknowledged rows are lost in synchronous mode`)
  if (lostWithoutReason > 0) faults.push(`${lostWithoutReason} rows are lost without a change of the primary`)
  if (isHostList && (measures.onWrongPrimaryAfterNotice ?? 0) > 0)
    faults.push(`${measures.onWrongPrimaryAfterNotice} rows on the wrong primary after it was noticed`)
  if (!measures.hasRecovered) faults.push('no write and read after the cluster was whole again')
  if (measures.hanging > 0 && measures.hasRecovered === false)
    faults.push(`${measures.hanging} statements hang`)
  const wait = Number(scenario.poolOptions?.failoverTimeoutMillis ?? DEFAULT_FAILOVER_TIMEOUT_MILLIS)
  if (measures.longestStatementMillis > wait + LENIENCE_MILLIS)
    faults.push(`a statement took ${measures.longestStatementMillis} ms`)
  if (isHostList && scenario.effect === 'none' && isUndisturbed && Object.keys(errors).length > 0)
    faults.push(`errors, although every server went on: ${Object.keys(errors).join(', ')}`)
  const expected = scenario.writesFailWith
  if (isHostList && expected !== undefined && errors[`write ${expected}`] === undefined)
    faults.push(`no write failed with ${expected}`)
  return faults
}
