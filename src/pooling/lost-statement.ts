// What the caller of a statement or a transaction is told when its connection was lost.
import { ConnectionLostError, NotAppliedError, OutcomeUnknownError, StalePrimaryError } from '../errors.ts'
import { errorCode } from '../failover/classify-error.ts'

export interface Doubt {
  /** Why it could not be found out. */
  readonly reason?: string
  readonly xid?: string | null
  readonly lsn?: string | null
  /** `statement` where it is not said. */
  readonly what?: string
}

/** That a primary has lost says more than that a connection is lost; unless somebody has looked, and could not tell. */
export function inDoubt(node: string, error: Error, doubt: Doubt = {}): ConnectionLostError {
  if (error instanceof StalePrimaryError && (doubt.reason ?? null) === null) return error
  const { reason = null, xid = null, lsn = null, what = 'statement' } = doubt
  const message =
    `The connection to ${node} was lost after the ${what} had been sent (${causeInWords(error)}): ` +
    `whether it was applied is unknown${reason === null ? '' : `, for ${reason}`}, and it was not repeated`
  return new OutcomeUnknownError(message, { node, cause: error, xid, lsn, reason })
}

export function notApplied(node: string, error: Error, what = 'statement'): NotAppliedError {
  const message =
    `The connection to ${node} was lost during the ${what} (${causeInWords(error)}): nothing of it was applied. ` +
    'It was tried several times; to try again is safe'
  return new NotAppliedError(message, { node, cause: error })
}

function causeInWords(error: Error): string {
  return error instanceof ConnectionLostError ? error.message : (errorCode(error) ?? error.message)
}
