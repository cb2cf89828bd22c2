// Dials a primary that is in doubt beside the look that decides: a write which waits for the verdict finds a connection made.
// Nothing is sent on it before the verdict names the node, and it is asked its own role as any other.
import createDebug from 'debug'
import type { ClusterState } from '../failover/cluster-state.ts'
import { findNode } from '../topology/cluster-view.ts'
import { isDrained } from '../topology/drain.ts'
import type { PoolSet } from './pool-set.ts'

const debug = createDebug('pg-ha:route')

/** A server that has just lost its sessions is not met by all of them at once. */
const MOST = 4

export interface RedialOptions {
  readonly pools: Pick<PoolSet, 'get'>
  /** How many connections for writes there may be. */
  readonly max: number
}

export class Redial {
  readonly #options: RedialOptions
  /** The doubt that was acted on: since when it has held. */
  #since: number | null = null

  constructor(options: RedialOptions) {
    this.#options = options
  }

  /** Once for each doubt. To be called whenever the view has changed, after its pools were. */
  keep({ view, memory, drains }: ClusterState): void {
    const node = memory.incumbent === null ? undefined : findNode(view, memory.incumbent)
    if (node?.state !== 'unknown' || node.failure?.sign !== 'lost') return
    if (this.#since === node.sinceMillis || isDrained(drains, node.name)) return
    this.#since = node.sinceMillis
    const { pools, max } = this.#options
    const pool = pools.get(node.name, 'write')
    // One at rest will do, and where none was in use none is waited for; half the room is left to who comes later, should these
    // dials come to nothing.
    if (pool.readyCount > 0) return
    const wanted = Math.min(MOST, Math.floor(max / 2), pool.inUseCount)
    for (let i = 0; i < wanted; i++) {
      pool.acquire((...[error, , release]) => {
        if (error === undefined) release()
        else debug('%s: dialled beside the look in vain: %s', node.name, error.message)
      })
    }
  }
}
