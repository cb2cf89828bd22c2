// What keeps the connections of one generation of one node: who waits, who is idle, who must go. pg-pool is one as it
// stands; another one only has to behave like it. Knows nothing of nodes, roles or generations.
import type { PoolClient, PoolConfig } from 'pg'

export type Release = (destroy?: Error | boolean) => void
export type EngineCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: Release,
) => void

/** pg-pool's events, to be told in its order and with its arguments. */
export type PoolEventName = 'connect' | 'acquire' | 'release' | 'remove' | 'error'

export interface PoolEngine {
  /** Connections that exist or are being made, idle ones, callers that wait for another's, connections past their lifetime. */
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly expiredCount: number
  /**
   * Calls back once, with a connection and the function that takes it back, or with what kept it from making one. A new
   * connection is begun in the same turn where there is room for it.
   */
  connect(callback: EngineCallback): void
  /**
   * Closes idle connections now and leased ones when they come back; resolves when none is left. Who waits for another's
   * connection is never served any more; whether it is called back is up to the engine.
   */
  end(): Promise<void>
  // biome-ignore lint/suspicious/noExplicitAny: every event has arguments of its own, as in pg
  on(event: PoolEventName, listener: (...args: any[]) => void): unknown
}

export type PoolEngineName = 'pg-pool' | 'none'

/** Gets what a `pg.Pool` for one node would get: the login, the limits, the hooks, the client class. */
export type PoolEngineFactory = (options: PoolConfig) => PoolEngine
