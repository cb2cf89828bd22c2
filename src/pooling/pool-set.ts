// All node pools of one Pool, made when first used: one for reads and one for writes of each node. Those of a node that
// is gone are kept until the last of their connections has come home.
import type { Intent } from '../routing/request.ts'
import { type ConnectionEvent, NodePool, type NodePoolOptions } from './node-pool.ts'

export interface PoolSetOptions {
  readonly optionsFor: (
    node: string,
    intent: Intent,
  ) => Omit<NodePoolOptions, 'node' | 'onEvent' | 'onRoleChange'>
  readonly onRoleChange?: () => void
  readonly onEvent: (origin: { pool: NodePool; intent: Intent }, event: ConnectionEvent) => void
}

type Pair = Record<Intent, NodePool | null>

export class PoolSet {
  readonly #options: PoolSetOptions
  readonly #pairs = new Map<string, Pair>()
  #gone: readonly { readonly pool: NodePool; readonly intent: Intent }[] = []

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

  /** No connection of before is used again; whoever asks for the node from now on gets pools made anew. */
  forget(node: string): void {
    const pair = this.#pairs.get(node)
    if (pair === undefined) return
    this.#pairs.delete(node)
    const pools = (['write', 'read'] as const).flatMap((intent) => {
      const pool = pair[intent]
      return pool === null ? [] : [{ pool, intent }]
    })
    this.#gone = [...this.#gone.filter(({ pool }) => pool.totalCount > 0), ...pools]
    for (const { pool } of pools) pool.invalidate('close')
  }

  /** Those of a node that is gone included: they may still be in somebody's hands. Says how many were cut. */
  destroyLeased(
    node: string,
    which: 'write' | 'both',
    { reason, why }: { reason: string; why: 'stale' | 'silent' },
  ): number {
    const gone = this.#gone.filter(
      ({ pool, intent }) => pool.node === node && (which === 'both' || intent === 'write'),
    )
    const pools = [...this.#of(node, which), ...gone.map(({ pool }) => pool)]
    return pools.reduce((cut, pool) => cut + pool.destroyLeased(reason, why), 0)
  }

  /** Resolves when every connection to a node that was given up is closed, those in use after their release. */
  async left(node: string): Promise<void> {
    await Promise.all(this.#of(node, 'both').map((pool) => pool.left()))
  }

  /** Connections that are still in somebody's hands, whatever the pools have become since. */
  inUseCount(node: string): number {
    return this.#of(node, 'both').reduce((sum, pool) => sum + pool.inUseCount, 0)
  }

  /** How busy the pools of now are, for choosing. */
  busyCount(node: string): number {
    const pair = this.#pairs.get(node)
    if (pair === undefined) return 0
    return (pair.write?.busyCount ?? 0) + (pair.read?.busyCount ?? 0)
  }

  /** The pools of an intent, or all. */
  *pools(intent?: Intent): Iterable<NodePool> {
    for (const pair of this.#pairs.values()) {
      if (pair.write !== null && intent !== 'read') yield pair.write
      if (pair.read !== null && intent !== 'write') yield pair.read
    }
    for (const gone of this.#gone) if (intent === undefined || intent === gone.intent) yield gone.pool
  }

  /** Every connection, of every node, in whatever hands. */
  cutOff(reason: string): void {
    for (const pool of this.pools()) pool.cutOff(reason)
  }

  async end(error: Error): Promise<void> {
    await Promise.all([...this.pools()].map((pool) => pool.end(error)))
  }

  #open(pair: Pair, node: string, intent: Intent): NodePool {
    const pool: NodePool = new NodePool({
      node,
      ...this.#options.optionsFor(node, intent),
      onRoleChange: this.#options.onRoleChange,
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
