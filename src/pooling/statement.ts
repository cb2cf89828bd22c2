// Runs one statement of `pool.query`: on a connection of its own, with the connection kept after the application's own
// errors, and with the truth about what was sent when the connection is lost.
import type { QueryConfig, Submittable } from 'pg'
import { ConnectionLostError } from '../errors.ts'
import {
  classifyError,
  type ErrorMeaning,
  errorCode,
  isReportedByServer,
} from '../failover/classify-error.ts'
import { afterFailedStatement } from '../failover/retry-policy.ts'
import type { RouteRequest } from '../routing/request.ts'
import { assertNever } from '../topology/assert-never.ts'
import type { Attempt, Dispatcher, Lease } from './dispatcher.ts'
import { isReadOnlySession, isRoleReported } from './role-check.ts'
import { bytesSent } from './tracked-client.ts'

/** As `pool.query` was called. */
export interface Statement {
  readonly text: string | QueryConfig | Submittable
  readonly values: unknown
  readonly callback: (error: Error | undefined, result?: unknown) => void
}

interface Run {
  readonly dispatcher: Dispatcher
  readonly monitored: boolean
  readonly statement: Statement
  readonly attempt: Attempt
  repeated: boolean
}

interface Place extends Lease {
  readonly generation: number
  readonly sentBefore: number | null
}

type LooseQuery = (
  text: unknown,
  values: unknown,
  callback: (error: Error | null, result: unknown) => void,
) => void

export function runStatement(
  dispatcher: Dispatcher,
  statement: Statement,
  { request, monitored }: { request: RouteRequest; monitored: boolean },
): void {
  const attempt: Attempt = {
    request,
    failures: 0,
    sinceMillis: null,
    callback: (error, lease) => {
      if (lease === null) statement.callback(error)
      else execute(run, lease)
    },
  }
  const run: Run = { dispatcher, monitored, statement, attempt, repeated: false }
  dispatcher.acquire(attempt)
}

function execute(run: Run, { client, release, pool }: Lease): void {
  const { text, values, callback } = run.statement
  const { generation } = pool
  const sentBefore = run.monitored ? bytesSent(client) : null
  let isSettled = false
  // pg may report to one statement twice: a value that it cannot write out, then the end of that connection.
  const settle = (error: Error | null, result?: unknown): void => {
    if (isSettled) return
    isSettled = true
    if (isSubmittable(text)) client.removeListener('error', settle)
    if (error) {
      statementFailed(run, error, { client, release, pool, generation, sentBefore })
      return
    }
    release()
    callback(undefined, result)
  }
  // One with a callback of its own hears of a lost connection, and we do not.
  if (isSubmittable(text)) client.once('error', settle)
  try {
    ;(client.query as unknown as LooseQuery).call(client, text, values, settle)
  } catch (error) {
    if (isSettled) throw error
    isSettled = true
    release(error as Error)
    callback(error as Error)
  }
}

function statementFailed(run: Run, error: Error, place: Place): void {
  const meaning = classifyError(error)
  const { client, pool, generation } = place
  if (!run.monitored) {
    giveBack(run, place, { error, meaning, goOn: () => run.statement.callback(error) })
    return
  }
  const sentNow = bytesSent(client)
  const readOnlySession = isReadOnlySession(client)
  const step = afterFailedStatement({
    // It holds what came of it so far, and pg calls back only where it was first given to.
    repeatable: !isSubmittable(run.statement.text),
    meaning,
    sent: place.sentBefore === null || sentNow !== place.sentBefore,
    readOnlySession,
    roleReported: isRoleReported(client),
    reportedByServer: isReportedByServer(error),
    repeated: run.repeated,
  })
  if (meaning.kind === 'refusedReadOnly' && step === 'fail') run.dispatcher.look(pool.node)
  else run.dispatcher.report(pool, generation, error)
  const goOn = (): void => {
    switch (step) {
      case 'tryAgain':
        run.repeated ||= meaning.kind === 'refusedReadOnly'
        run.dispatcher.retry(run.attempt, error)
        break
      case 'tryElsewhere':
        run.repeated = true
        run.dispatcher.retryElsewhere(run.attempt, pool.node, error)
        break
      case 'outcomeUnknown':
        run.statement.callback(lost(pool.node, error))
        break
      case 'fail':
        run.statement.callback(error)
        break
      default:
        assertNever(step)
    }
  }
  giveBack(run, place, { error, meaning, goOn })
}

/**
 * Keeps the connection where the server is ready for the next statement and in no transaction; else ends it. Cursors and
 * statements read in portions leave the server waiting for a Sync that never comes: those connections end.
 */
function giveBack(
  run: Run,
  place: Place,
  { error, meaning, goOn }: { error: Error; meaning: ErrorMeaning; goOn: () => void },
): void {
  const { client, release } = place
  const { text } = run.statement
  const isPlain = typeof text === 'string' || (!isSubmittable(text) && !('rows' in text))
  if (meaning.connection === 'lost' || !isPlain || client.connection === undefined) {
    release(error)
    goOn()
    return
  }
  const { connection } = client
  const settle = (destroy: boolean): void => {
    connection.removeListener('readyForQuery', onReady)
    connection.removeListener('end', onEnd)
    release(destroy ? error : undefined)
    goOn()
  }
  const onReady = (): void => settle(client.getTransactionStatus() !== 'I')
  const onEnd = (): void => settle(true)
  connection.once('readyForQuery', onReady)
  connection.once('end', onEnd)
}

function isSubmittable(text: Statement['text']): text is Submittable {
  return typeof text === 'object' && text !== null && 'submit' in text
}

function lost(node: string, error: Error): ConnectionLostError {
  const why = error instanceof ConnectionLostError ? error.message : (errorCode(error) ?? error.message)
  const message =
    `The connection to ${node} was lost after the statement had been sent (${why}): ` +
    'whether it was applied is unknown, and it was not repeated'
  return new ConnectionLostError(message, { node, cause: error })
}
