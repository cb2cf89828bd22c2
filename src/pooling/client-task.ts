// One query given to a client that has no connection yet: kept as it was given, run when there is one, settled once.
// Knows nothing of nodes.
import { AsyncResource } from 'node:async_hooks'
import type { PoolClient } from 'pg'
import { isSubmittable, type QueryInput } from './splitter.ts'

type Callback = (error: Error | null, result?: unknown) => void
type LooseQuery = (query: unknown, values: unknown, callback: Callback) => unknown

export interface ClientTask {
  readonly query: QueryInput
  /** Holds what came of it so far: it cannot be run twice. */
  readonly isOnce: boolean
  /** Told when its answer is there; not for a query object of the application's. */
  run(client: PoolClient, onAnswer: Callback): void
  settle: Callback
  /** The async context of whoever gave it. */
  readonly context: AsyncResource
}

/** What pg's `query` returns for these arguments, and the task to run. */
export function clientTask(
  query: QueryInput,
  values: unknown,
  callback: unknown,
): { readonly task: ClientTask; readonly result: unknown } {
  if (query === null || query === undefined) {
    throw new TypeError('Client was passed a null or undefined query')
  }
  const [given, listener] = typeof values === 'function' ? [undefined, values] : [values, callback]
  if (isSubmittable(query)) return { task: submittableTask(query, given, listener), result: query }
  const own = (query as { callback?: unknown }).callback
  const done = listener ?? own
  if (done === undefined || done === null) return promised(query, given)
  if (typeof done !== 'function') throw new TypeError('callback is not a function')
  return { task: plainTask(query, given, done as Callback), result: undefined }
}

function promised(query: QueryInput, values: unknown): ReturnType<typeof clientTask> {
  let settle: Callback = () => {}
  const result = new Promise((resolve, reject) => {
    settle = (error, value) => (error ? reject(error) : resolve(value))
  }).catch((error: unknown) => {
    // The stack should lead to the caller, as in pg.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  })
  return { task: plainTask(query, values, settle), result }
}

function plainTask(query: QueryInput, values: unknown, settle: Callback): ClientTask {
  return {
    query,
    context: new AsyncResource('PgHaStatement'),
    isOnce: false,
    run: (client, onAnswer) => {
      // A callback given last counts more than one within the query.
      ;(client.query as LooseQuery).call(client, query, values, onAnswer)
    },
    settle,
  }
}

function submittableTask(query: QueryInput, values: unknown, callback: unknown): ClientTask {
  return {
    query,
    context: new AsyncResource('PgHaStatement'),
    isOnce: true,
    run: (client) => {
      ;(client.query as LooseQuery).call(client, query, values, callback as Callback)
    },
    settle: (error) => {
      if (error === null) return
      const { handleError } = query as { handleError?: (error: Error, connection: unknown) => void }
      // As pg tells a query that its client cannot run. Without a connection: there is none.
      handleError?.call(query, error, NO_CONNECTION)
    },
  }
}

const NO_CONNECTION = { sync: () => {}, flush: () => {}, close: () => {}, once: () => {}, stream: {} }
