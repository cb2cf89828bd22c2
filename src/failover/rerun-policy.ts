// Whether a transaction that failed before its commit was sent is to be run again. Nothing of it is applied, so that to do
// so is always safe; this is about whether it helps.
import { classifyError, errorCode, isReportedByServer } from './classify-error.ts'

/** Serialization failure and deadlock: PostgreSQL's own advice is to run it again. */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01'])

export interface FailedRun {
  /** What the function threw, or what the server complained of last. */
  readonly error: unknown
  /** Whether the transaction's own connection is gone: errors of others look the same. */
  readonly isLost: boolean
  /** Whether a refusal to write means that the server is not what it was taken for. */
  readonly mayBeDemoted: boolean
}

export function isWorthRerunning({ error, isLost, mayBeDemoted }: FailedRun): boolean {
  if (isLost) return true
  return causes(error).some((each) => {
    if (!isReportedByServer(each)) return false
    return (
      AGAIN.has(errorCode(each) ?? '') || (mayBeDemoted && classifyError(each).kind === 'refusedReadOnly')
    )
  })
}

/** An error and what it was caused by: libraries wrap what the driver gave them. */
function causes(error: unknown): readonly Error[] {
  const list: Error[] = []
  for (let each = error; each instanceof Error && list.length < 10; each = each.cause) list.push(each)
  return list
}
