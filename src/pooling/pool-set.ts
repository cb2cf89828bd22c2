// All node pools of one Pool, made when first used: one for reads and one for writes of each node.
import type { Intent } from '../routing/request.ts'
import { type ConnectionEvent, NodePool, type NodePoolOptions } from './node-pool.ts'

export interface PoolSetOptions {
  readonly optionsFor: (node: string, intent: Intent) => Pick<NodePoolOptions, 'poolOptions' | 'plainOptions'>
  readonly onEvent: (origin: { pool: NodePool; intent: Intent }, event: ConnectionEvent) => void
}

type Pair = Record<Intent, NodePool | null>

export class PoolSet {
  readonly #options: PoolSetOptions
  readonly #pairs = new Map<string, Pair>()

  constructor(options: PoolSetOptions) {
    this.#options = options
  }

  get(node: string, intent: Intent): NodePool {
    let pair = this.#pairs.get(node)
    if (pair === undefined) {
      pair = { read: null, write: null }
      this.#pairs.set(node, pair)
    }
    return pair[intent] ?? this.#open(pair, node, intent)
  }

  invalidate(node: string, which: 'write' | 'both', idle: 'close' | 'destroy'): void {
    for (const pool of this.#of(node, which)) pool.invalidate(idle)
  }

  destroyLeased(node: string, which: 'write' | 'both', reason: string): void {
    for (const pool of this.#of(node, which)) pool.destroyLeased(reason)
  }

  busyCount(node: string): number {
    let count = 0
    for (const pool of this.#of(node, 'both')) count += pool.busyCount
    return count
  }

  /** The pools of an intent, or all. */
  *pools(intent?: Intent): Iterable<NodePool> {
    for (const pair of this.#pairs.values()) {
      if (pair.write !== null && intent !== 'read') yield pair.write
      if (pair.read !== null && intent !== 'write') yield pair.read
    }
  }

  async end(error: Error): Promise<void> {
    await Promise.all([...this.pools()].map((pool) => pool.end(error)))
  }

  #open(pair: Pair, node: string, intent: Intent): NodePool {
    const pool: NodePool = new NodePool({
      node,
      ...this.#options.optionsFor(node, intent),
      onEvent: (event) => this.#options.onEvent(origin, event),
    })
    const origin = { pool, intent }
    pair[intent] = pool
    return pool
  }

  #of(node: string, which: 'write' | 'both'): readonly NodePool[] {
    const pair = this.#pairs.get(node)
    if (pair === undefined) return []
    return [pair.write, which === 'both' ? pair.read : null].filter((pool) => pool !== null)
  }
}
