// Keeps connections for writes open on standbys, so that the one that becomes the primary is not met by a storm of logins.
import createDebug from 'debug'
import type { ClusterState } from '../failover/cluster-state.ts'
import { isDrained } from '../topology/drain.ts'
import type { PoolSet } from './pool-set.ts'

const debug = createDebug('pg-ha:route')

/** Between two tries on one node: a server without room, or without this user, is not pressed. */
const PAUSE_MILLIS = 5_000

export interface WarmPoolsOptions {
  readonly pools: Pick<PoolSet, 'get'>
  /** How many on each standby; 0: none. */
  readonly count: number
  readonly clock: () => number
}

export class WarmPools {
  readonly #options: WarmPoolsOptions
  readonly #notBefore = new Map<string, number>()

  constructor(options: WarmPoolsOptions) {
    this.#options = options
  }

  /** Opens what is missing, on every standby that may be next. To be called whenever the view has changed. */
  keep({ view, verdict, drains }: ClusterState): void {
    const { count, clock } = this.#options
    if (count === 0) return
    for (const { name, state } of view.nodes) {
      if (state !== 'standby' || verdict.foreign.includes(name) || isDrained(drains, name)) continue
      if (clock() >= (this.#notBefore.get(name) ?? Number.NEGATIVE_INFINITY)) this.#warm(name)
    }
  }

  #warm(node: string): void {
    const { pools, count, clock } = this.#options
    const pool = pools.get(node, 'write')
    const missing = count - pool.totalCount
    if (missing <= 0) return
    this.#notBefore.set(node, clock() + PAUSE_MILLIS)
    // Those at rest are taken, too: whoever gives one back at once has it lent again.
    let expected = missing + pool.idleCount
    let isRefused = false
    const held: (() => void)[] = []
    const settle = (): void => {
      expected -= 1
      // Where one is refused the others may be long in coming, and the node may be promoted in the meantime.
      if (expected === 0 || isRefused) for (const release of held.splice(0)) release()
    }
    for (let i = expected; i > 0; i--) {
      pool.acquire((...[error, , release]) => {
        if (error === undefined) held.push(() => release())
        else {
          isRefused = true
          debug('%s: no connection kept ready: %s', node, error.message)
        }
        settle()
      })
    }
  }
}
