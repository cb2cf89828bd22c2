// What is asked of pg-ha in every scenario: only what is certain, whatever the machine's speed. Pure.
import type { ApplicationRecord } from '../application/record.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import type { Measures } from './measure.ts'

const DEFAULT_FAILOVER_TIMEOUT_MILLIS = 30_000
/** Beyond the longest wait: a statement's own time, and what a busy machine adds. */
const LENIENCE_MILLIS = 15_000

export interface Subject {
  readonly scenario: Scenario
  /** What its errors said, by kind and code. */
  readonly messages: ApplicationRecord['messages']
  /** How long no host took writes. */
  readonly downtimeMillis: number
  /** Whether pg-ha was given every server's own address. */
  readonly isHostList: boolean
  /** The servers' roles stayed as they were. */
  readonly isUndisturbed: boolean
}

/** The promises that were not kept, in words. */
export function brokenPromises(measures: Measures, subject: Subject): string[] {
  const { scenario, isHostList, isUndisturbed } = subject
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
  return faults
}

/** What is asked in this scenario alone, of times and words: a machine that others keep busy may break it by itself. */
export function brokenSpecially(
  { errors, readGapMillis, addedMillis }: Measures,
  { scenario, messages, isHostList, downtimeMillis }: Subject,
): string[] {
  const faults: string[] = []
  const { writesFailWith: expected, readsGoOn, writesResumeWithinMillis } = scenario
  if (isHostList && expected !== undefined) {
    const said = messages[`write ${expected.code}`]
    if (said === undefined) faults.push(`no write failed with ${expected.code}`)
    else if (!said.includes(expected.saying))
      faults.push(`an error does not say "${expected.saying}": ${said}`)
  }
  if (readsGoOn) {
    const failed = Object.keys(errors).filter((kind) => kind.startsWith('read '))
    if (failed.length > 0) faults.push(`reads failed: ${failed.join(', ')}`)
    if (readGapMillis > downtimeMillis / 2) faults.push(`no reads for ${readGapMillis} ms`)
  }
  if (isHostList && writesResumeWithinMillis !== undefined && (addedMillis ?? 0) > writesResumeWithinMillis)
    faults.push(`writes resumed ${addedMillis} ms after the cluster took them again`)
  return faults
}
