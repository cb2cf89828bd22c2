// pg.Pool's surface over a dispatcher: what `Pool`, `pool.read` and `pool.write` have in common. Decides nothing.
import { AsyncResource } from 'node:async_hooks'
import pg, {
  type PoolClient,
  type PoolConfig,
  type QueryArrayConfig,
  type QueryArrayResult,
  type QueryConfig,
  type QueryConfigValues,
  type QueryResult,
  type QueryResultRow,
  type Submittable,
} from 'pg'
import type { Release } from './config/pool-engine.ts'
import { checkEndOptions, type EndOptions } from './ending.ts'
import type { Engine } from './engine.ts'
import { abortReason, signalOf } from './pooling/abort-watch.ts'
import { endedError } from './pooling/dispatcher.ts'
import { leaseWith, takeLease } from './pooling/lease.ts'
import { guardLease } from './pooling/leased-client.ts'
import type { NodePool } from './pooling/node-pool.ts'
import { routedClient } from './pooling/routed-client.ts'
import type { SessionLease } from './pooling/routed-session.ts'
import { runSplitStatement } from './pooling/split-statement.ts'
import type { RoutedQuery } from './pooling/splitter.ts'
import { runStatement, type Statement } from './pooling/statement.ts'
import { runTransaction } from './pooling/transaction.ts'
import type { Transaction } from './pooling/transaction-client.ts'
import type { TransactionOptions } from './pooling/transaction-options.ts'
import type { Intent, RouteRequest } from './routing/request.ts'
import type { Splitting } from './splitting.ts'

type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (destroy?: Error | boolean) => void,
) => void
export interface ConnectOptions {
  /** Counts until there is a client; what is done with that has nothing to do with it. */
  readonly signal?: AbortSignal | undefined
}

type Callback<T> = (error: Error, result: T) => void
type Settle = (error: Error | undefined, value?: unknown) => void

export interface RoutedPoolOptions {
  readonly poolOptions: PoolConfig
  readonly engine: Engine
  readonly request: RouteRequest
  /** Which connections its counts are about; all where it is not said. */
  readonly intent?: Intent
  /** Lets each statement decide where it runs; none: `request` does. */
  readonly splitting?: Splitting | null
}

const NOTHING: Release = () => {}

export class RoutedPool extends pg.Pool {
  readonly #engine: Engine
  readonly #request: RouteRequest
  readonly #intent: Intent | undefined
  readonly #splitting: Splitting | null

  constructor({ poolOptions, engine, request, intent, splitting = null }: RoutedPoolOptions) {
    super(poolOptions)
    this.#engine = engine
    this.#request = request
    this.#intent = intent
    this.#splitting = splitting
    // pg types its getters as properties, which a subclass may not override with getters.
    const count = (of: (pool: NodePool) => number) => ({ get: () => this.#sum(of), configurable: true })
    Object.defineProperties(this, {
      totalCount: count((pool) => pool.totalCount),
      idleCount: count((pool) => pool.idleCount),
      expiredCount: count((pool) => pool.expiredCount),
      waitingCount: {
        get: () => this.#sum((pool) => pool.waitingCount) + engine.dispatcher.waitingCount,
        configurable: true,
      },
    })
  }

  override connect(): Promise<PoolClient>
  override connect(callback: ConnectCallback): void
  /** An abort ends the wait at once, and the promise rejects with the signal's reason. */
  override connect(options: ConnectOptions): Promise<PoolClient>
  override connect(given?: ConnectCallback | ConnectOptions): unknown {
    if (typeof given === 'function') {
      this.#lease(given)
      return undefined
    }
    const signal = signalOf(given)
    return this.#promise((settle) => this.#lease(settle, signal), signal)
  }

  override query<T extends Submittable>(queryStream: T): T
  override query<R extends unknown[] = unknown[], I = unknown[]>(
    queryConfig: QueryArrayConfig<I> & RoutedQuery,
    values?: QueryConfigValues<I>,
  ): Promise<QueryArrayResult<R>>
  override query<R extends QueryResultRow = QueryRow, I = unknown[]>(
    queryConfig: QueryConfig<I> & RoutedQuery,
  ): Promise<QueryResult<R>>
  override query<R extends QueryResultRow = QueryRow, I = unknown[]>(
    queryTextOrConfig: string | (QueryConfig<I> & RoutedQuery),
    values?: QueryConfigValues<I>,
  ): Promise<QueryResult<R>>
  override query<R extends unknown[] = unknown[], I = unknown[]>(
    queryConfig: QueryArrayConfig<I> & RoutedQuery,
    callback: Callback<QueryArrayResult<R>>,
  ): void
  override query<R extends QueryResultRow = QueryRow, I = unknown[]>(
    queryTextOrConfig: string | (QueryConfig<I> & RoutedQuery),
    callback: Callback<QueryResult<R>>,
  ): void
  override query<R extends QueryResultRow = QueryRow, I = unknown[]>(
    queryText: string,
    values: QueryConfigValues<I>,
    callback: Callback<QueryResult<R>>,
  ): void
  override query(text: unknown, values?: unknown, callback?: unknown): unknown {
    if (typeof text === 'function') return this.#refuseFunction(text as Settle)
    const [given, done] = typeof values === 'function' ? [undefined, values] : [values, callback]
    const signal = signalOf(text)
    const run = (callback: Settle): void =>
      this.#run({ text: text as Statement['text'], values: given, callback, signal })
    if (done === undefined || done === null) return this.#promise(run, signal)
    const context = new AsyncResource('PgHaCallback')
    run((...answer) => context.runInAsyncScope(done as Settle, null, ...answer))
    return undefined
  }

  /**
   * Runs `fn` in a transaction, on the nodes that `query` uses. It is run again, at most `maxRetries` times, after a
   * serialization failure or a deadlock, and when its connection is lost before its commit; a commit whose answer is lost is
   * looked for on the primary of then. So `fn` should do nothing but work with `tx`. What `fn` throws rolls back and rejects.
   */
  transaction<T>(fn: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    if (this.ending) return Promise.reject(endedError())
    const { dispatcher, outcomes } = this.#engine
    return runTransaction(fn, options, {
      dispatcher,
      request: this.#request,
      keeper: outcomes,
      random: Math.random,
    })
  }

  /**
   * Refuses what comes from now on and what waits, lets what is under way finish, and closes every connection. With
   * `timeoutMillis` it resolves after that time at the latest: clients still in use are cut off.
   */
  override end(): Promise<void>
  override end(callback: (error?: Error) => void): void
  override end(options: EndOptions): Promise<void>
  override end(given?: EndOptions | ((error?: Error) => void)): unknown {
    const [callback, options] = typeof given === 'function' ? [given, {}] : [undefined, given ?? {}]
    checkEndOptions(options)
    const twice = this.ending ? new Error('Called end on pool more than once') : null
    if (twice === null) Object.assign(this, { ending: true })
    const run = (settle: Settle): void => {
      if (twice !== null) settle(twice)
      else this.finish(options).then(() => settle(undefined), settle)
    }
    if (callback === undefined) return this.#promise(run)
    run(callback)
    return undefined
  }

  /** A view ends by itself; the pool it belongs to goes on. */
  protected finish(options: EndOptions): Promise<void>
  protected async finish(): Promise<void> {
    Object.assign(this, { ended: true })
  }

  #run(statement: Statement): void {
    if (this.ending) {
      statement.callback(endedError())
      return
    }
    const { dispatcher, settings, outcomes } = this.#engine
    if (this.#splitting !== null) {
      runSplitStatement(dispatcher, statement, { ...this.#splitting, keeper: outcomes })
      return
    }
    const { monitored } = settings
    runStatement(dispatcher, statement, { request: this.#request, monitored, keeper: outcomes })
  }

  #lease(callback: ConnectCallback, signal?: AbortSignal): void {
    if (this.ending || signal?.aborted) {
      callback(signal?.aborted ? abortReason(signal) : endedError(), undefined, NOTHING)
      return
    }
    if (this.#splitting !== null) {
      const { requests, splitter, clientClass } = this.#splitting
      const client = routedClient(clientClass, {
        splitter,
        shown: this.options as unknown as Readonly<Record<string, unknown>>,
        acquire: (place, done) => this.#acquire(requests[place], done),
      })
      // Not in the turn of the call, as in pg-pool.
      process.nextTick(callback, undefined, client, client.release)
      return
    }
    const done = (error: Error | undefined, lease: SessionLease | null): void => {
      if (lease === null) callback(error, undefined, NOTHING)
      else callback(undefined, lease.client, lease.release)
    }
    if (signal === undefined) {
      this.#acquire(this.#request, done)
      return
    }
    const { dispatcher } = this.#engine
    takeLease(dispatcher, { request: this.#request, signal }).then(
      (lease) => done(undefined, leaseWith(lease, guardLease(lease.client, lease.release))),
      (error: Error) => done(error, null),
    )
  }

  #acquire(
    request: RouteRequest,
    callback: (error: Error | undefined, lease: SessionLease | null) => void,
  ): void {
    this.#engine.dispatcher.acquire({
      request,
      failures: 0,
      sinceMillis: null,
      callback: (error, lease) => {
        if (lease === null) callback(error, null)
        else {
          callback(undefined, leaseWith(lease, guardLease(lease.client, lease.release)))
        }
      },
    })
  }

  #refuseFunction(callback: Settle): unknown {
    const message = 'Passing a function as the first parameter to pool.query is not supported'
    setImmediate(() => callback(new Error(message)))
    return undefined
  }

  #promise(work: (settle: Settle) => void, signal?: AbortSignal): Promise<unknown> {
    const Promised = (this.options.Promise ?? Promise) as PromiseConstructor
    return new Promised((resolve, reject) => {
      work((error, value) => (error ? reject(error) : resolve(value)))
    }).catch((error: unknown) => {
      // The stack should lead to the caller, not to the socket that brought the answer.
      if (error instanceof Error && error !== signal?.reason) Error.captureStackTrace(error)
      throw error
    })
  }

  #sum(of: (pool: NodePool) => number): number {
    let sum = 0
    for (const pool of this.#engine.pools(this.#intent)) sum += of(pool)
    return sum
  }
}

// biome-ignore lint/suspicious/noExplicitAny: rows are as untyped by default as pg's own
type QueryRow = any
