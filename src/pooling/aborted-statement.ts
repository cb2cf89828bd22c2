// What the caller of a statement is told whose signal was aborted while it ran.
import { OutcomeUnknownError } from '../errors.ts'
import { classifyError, errorCode } from '../failover/classify-error.ts'
import type { StatementStep } from '../failover/retry-policy.ts'
import { assertNever } from '../topology/assert-never.ts'

const QUERY_CANCELED = '57014'

interface Ending {
  readonly error: Error
  /** Whether its session could only read. */
  readonly isRead: boolean
  readonly node: string
  readonly reason: Error
}

/** `step` is what would have come next without the abort. The signal's reason only where nothing was applied. */
export function afterAbort(step: StatementStep, { error, isRead, node, reason }: Ending): Error {
  switch (step) {
    case 'tryAgain':
    case 'tryElsewhere':
    case 'leaveStandby':
    case 'leaveStandbys':
    case 'notApplied':
      return reason
    case 'findOut':
    case 'outcomeUnknown':
      return abortedInDoubt(node, reason)
    case 'fail':
      // What ended by itself in the meantime, with an error of its own, says so.
      if (errorCode(error) === QUERY_CANCELED) return reason
      return isRead && classifyError(error).kind === 'connection' ? reason : error
    default:
      return assertNever(step)
  }
}

/** On a host without a monitor, where nothing more is known than what pg says. */
export function afterPlainAbort(error: Error, node: string, { reason }: { reason: Error }): Error {
  const step = classifyError(error).kind === 'connection' ? 'outcomeUnknown' : 'fail'
  return afterAbort(step, { error, isRead: false, node, reason })
}

export function abortedInDoubt(node: string, reason: Error): OutcomeUnknownError {
  const why = 'its signal was aborted and the server did not confirm that nothing was applied'
  return new OutcomeUnknownError(`Whether the statement was applied on ${node} is unknown: ${why}`, {
    node,
    cause: reason,
    ...{ xid: null, lsn: null, reason: why },
  })
}
