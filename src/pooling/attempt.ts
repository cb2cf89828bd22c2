// What is served and what it gets: a request on its way to a connection, and the connection in its hands.
import type { AsyncResource } from 'node:async_hooks'
import type { Release } from '../config/pool-engine.ts'
import type { Waiter } from '../failover/wait-queue.ts'
import type { RouteRequest } from '../routing/request.ts'
import type { Accepts } from './guide.ts'
import type { NodePool } from './node-pool.ts'
import type { TrackedClient } from './tracked-client.ts'

/** A connection taken for a request, until it is released. */
export interface Lease {
  readonly client: TrackedClient
  readonly release: Release
  readonly pool: NodePool
  /** Whether its holder may read there no longer, having written elsewhere since. */
  readonly isStale?: () => boolean
}

/** One request on its way to a connection. */
export interface Attempt {
  readonly request: RouteRequest
  callback: (error: Error | undefined, lease: Lease | null) => void
  avoid?: Set<string>
  /** Further conditions on its node. */
  accepts?: Accepts
  /** It serves the pool itself, in nobody's session. */
  readonly isInternal?: boolean
  failures: number
  /** The deadline has passed, and it has had its last try. */
  isLast?: boolean
  /** Whoever asked may give it up. */
  readonly mayBeWithdrawn?: boolean
  /** Given up by whoever asked: it waits no longer. A callback that was on its way may still come. */
  isWithdrawn?: boolean
  waiter?: Waiter
  /** Leaves the line for a connection that it was last in. */
  leaveLine?: () => void
  /** When it first met an obstacle; the deadline counts from there. */
  sinceMillis: number | null
  /** The async context of whoever asked, from `Dispatcher.acquire` on. */
  context?: AsyncResource
}

/**
 * Others' turns move a request on: an answer, a look, the release of a connection. What is then done for it is done in its
 * caller's async context: tracers and loggers go by that.
 */
export function inContextOf({ context }: Attempt, work: () => void): void {
  if (context === undefined) work()
  else context.runInAsyncScope(work)
}
