// What may be tried again after a failure. Only what provably never reached the server, or provably changed nothing, is
// repeated; everything else is the caller's to decide, who is told what is known.
import type { RouteRequest } from '../routing/request.ts'
import { assertNever } from '../topology/assert-never.ts'
import type { BatchFate } from './batch-fate.ts'
import type { ErrorMeaning } from './classify-error.ts'

/**
 * - `fail`: the error reaches the caller as it is
 * - `tryAgain`: choose a node anew, the same one included
 * - `tryLater`: the same after a pause: the server has no room for another connection
 * - `tryElsewhere`: choose among the other nodes; where there is none, the error of a connect reaches the caller, and a
 *   statement tries the same node again
 * - `leaveStandby`: another standby, else the primary; where there is neither, the error reaches the caller
 * - `leaveStandbys`: the primary; where there is none, the error reaches the caller
 * - `tryPlain`: try again without start-up options of ours, which a pooler in between refused
 * - `findOut`: ask the primary what became of its transaction
 * - `notApplied`: the caller is told that nothing was applied, and that it has been tried often enough
 * - `outcomeUnknown`: the caller is told that the statement may have been applied
 */
export type NextStep =
  | ('fail' | 'tryAgain' | 'tryLater' | 'tryElsewhere' | 'tryPlain')
  | ('leaveStandby' | 'leaveStandbys')
  | ('findOut' | 'notApplied' | 'outcomeUnknown')

export type ConnectStep = Extract<NextStep, 'fail' | 'tryAgain' | 'tryLater' | 'tryElsewhere' | 'tryPlain'>
export type StatementStep = Exclude<NextStep, 'tryPlain' | 'tryLater'>

/** No connection was had: nothing was sent, so only the error's meaning counts. */
export function afterFailedConnect(meaning: ErrorMeaning, request: RouteRequest): ConnectStep {
  switch (meaning.kind) {
    case 'connection':
      return 'tryAgain'
    case 'overloaded':
      return request.intent === 'read' ? 'tryElsewhere' : 'tryLater'
    case 'unsupportedStartup':
      return request.intent === 'read' ? 'tryPlain' : 'fail'
    case 'refusedReadOnly':
    case 'poolFull':
    case 'login':
    case 'timeout':
    case 'conflict':
    case 'application':
    case 'other':
      return 'fail'
    default:
      return assertNever(meaning.kind)
  }
}

/** What was sent is sent anew at most so often: a statement that brings its server down must not do so for ever. */
export const MOST_RERUNS = 3

export interface FailedStatement {
  readonly meaning: ErrorMeaning
  /** False for a query object of the application's, which can be run only once. */
  readonly repeatable: boolean
  /** Whether any byte of it was handed to the socket. */
  readonly sent: boolean
  /** The server said of this session that it cannot write: a standby, or read-only by default. */
  readonly readOnlySession: boolean
  /** Whether the server reports the session's role by itself: it cannot then have changed unnoticed. */
  readonly roleReported: boolean
  /** Whether PostgreSQL itself reported the error, and no pooler in its place: it then reaches the caller as it is. */
  readonly reportedByPostgres: boolean
  /** Whether this statement was already tried again after a server had refused to write. */
  readonly repeated: boolean
  /** What is known of its commit where the connection was lost. */
  readonly batch: BatchFate
  /** How often it was sent anew because nothing of it had been applied, or because it reads. */
  readonly reruns: number
  /** Whether it ran on a standby. */
  readonly onStandby: boolean
  /** How often the replay of a standby has put an end to it before. */
  readonly conflicts: number
}

export function afterFailedStatement(failed: FailedStatement): StatementStep {
  const step = nextStep(failed)
  return REPEATING.has(step) && !failed.repeatable ? 'fail' : step
}

const REPEATING: ReadonlySet<StatementStep> = new Set([
  ...(['tryAgain', 'tryElsewhere', 'leaveStandby', 'leaveStandbys'] as const),
])

function nextStep(failed: FailedStatement): StatementStep {
  switch (failed.meaning.kind) {
    case 'connection':
      if (!failed.sent) return 'tryAgain'
      // Behind an address that has moved every idle connection is dead, and each is found out one by one.
      if (failed.readOnlySession) return failed.reruns < MOST_RERUNS ? 'tryElsewhere' : 'fail'
      return afterLostWrite(failed)
    case 'refusedReadOnly':
      // Where the role is reported, a refusal is the application's own doing: it asked for a read-only transaction, or for
      // a read-only node. Otherwise the server was demoted behind our back, and has changed nothing.
      return failed.roleReported || failed.readOnlySession || failed.repeated ? 'fail' : 'tryAgain'
    case 'conflict':
      // Nothing was changed, and the next standby need not have come as far; the primary has nothing to replay.
      if (!failed.onStandby) return 'fail'
      return failed.conflicts === 0 ? 'leaveStandby' : 'leaveStandbys'
    case 'overloaded':
    case 'poolFull':
    case 'login':
    case 'unsupportedStartup':
    case 'timeout':
    case 'application':
    case 'other':
      return 'fail'
    default:
      return assertNever(failed.meaning.kind)
  }
}

function afterLostWrite({ batch, reruns, reportedByPostgres }: FailedStatement): StatementStep {
  switch (batch) {
    case 'notCommitted':
      return reruns < MOST_RERUNS ? 'tryAgain' : 'notApplied'
    case 'named':
      return 'findOut'
    case 'dark':
      // Nothing is known that PostgreSQL has not said already.
      return reportedByPostgres ? 'fail' : 'outcomeUnknown'
    default:
      return assertNever(batch)
  }
}
