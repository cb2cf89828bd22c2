// Runs one statement of `pool.query`: on a connection of its own, with the connection kept after the application's own
// errors, and with the truth about what was sent when the connection is lost.
import type { QueryConfig, Submittable } from 'pg'
import { ConnectionLostError } from '../errors.ts'
import { classifyError, errorCode, isReportedByServer } from '../failover/classify-error.ts'
import { afterFailedStatement } from '../failover/retry-policy.ts'
import type { RouteRequest } from '../routing/request.ts'
import type { Attempt, Dispatcher } from './dispatcher.ts'
import type { NodePool, Release } from './node-pool.ts'
import { isReadOnlySession, isRoleReported } from './role-check.ts'
import { bytesSent, type TrackedClient } from './tracked-client.ts'

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

interface Place {
  readonly client: TrackedClient
  readonly release: Release
  readonly pool: NodePool
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
    callback: (error, client, release, pool) => {
      if (error !== undefined || pool === null) statement.callback(error)
      else execute(run, client, { release, pool })
    },
  }
  const run: Run = { dispatcher, monitored, statement, attempt, repeated: false }
  dispatcher.acquire(attempt)
}

function execute(
  run: Run,
  client: TrackedClient,
  { release, pool }: { release: Release; pool: NodePool },
): void {
  const { text, values, callback } = run.statement
  const { generation } = pool
  const sentBefore = run.monitored ? bytesSent(client) : null
  try {
    ;(client.query as unknown as LooseQuery).call(client, text, values, (error, result) => {
      if (error) {
        statementFailed(run, error, { client, release, pool, generation, sentBefore })
        return
      }
      release()
      callback(undefined, result)
    })
  } catch (error) {
    release(error as Error)
    callback(error as Error)
  }
}

function statementFailed(run: Run, error: Error, place: Place): void {
  const meaning = classifyError(error)
  const { client, pool, generation } = place
  if (!run.monitored) {
    giveBack(run, place, { keep: meaning.connection === 'kept', goOn: () => run.statement.callback(error) })
    return
  }
  const sentNow = bytesSent(client)
  const readOnlySession = isReadOnlySession(client)
  const step = afterFailedStatement({
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
    }
  }
  giveBack(run, place, { keep: meaning.connection === 'kept', goOn })
}

/**
 * Keeps the connection where the server is ready for the next statement and in no transaction; else ends it. Cursors and
 * statements read in portions leave the server waiting for a Sync that never comes: those connections end.
 */
function giveBack(run: Run, place: Place, { keep, goOn }: { keep: boolean; goOn: () => void }): void {
  const { client, release } = place
  const { text } = run.statement
  const isPlain = typeof text === 'string' || (!('submit' in text) && !('rows' in text))
  if (!keep || !isPlain || client.connection === undefined) {
    release(true)
    goOn()
    return
  }
  const { connection } = client
  const settle = (destroy: boolean): void => {
    connection.removeListener('readyForQuery', onReady)
    connection.removeListener('end', onEnd)
    release(destroy || undefined)
    goOn()
  }
  const onReady = (): void => settle(client.getTransactionStatus() !== 'I')
  const onEnd = (): void => settle(true)
  connection.once('readyForQuery', onReady)
  connection.once('end', onEnd)
}

function lost(node: string, error: Error): ConnectionLostError {
  const why = error instanceof ConnectionLostError ? error.message : (errorCode(error) ?? error.message)
  const message =
    `The connection to ${node} was lost after the statement had been sent (${why}): ` +
    'whether it was applied is unknown, and it was not repeated'
  return new ConnectionLostError(message, { node, cause: error })
}
