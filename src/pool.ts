// Pool: pg.Pool for a cluster. The composition root; what it does is done in the rooms below.
import { type ClusterSnapshot, clusterSnapshot } from './cluster-snapshot.ts'
import type { PoolOptions } from './config/pool-options.ts'
import { resolveSettings } from './config/resolve-settings.ts'
import { userFiles } from './dialing/system-files.ts'
import { warnOnce } from './dialing/warn-once.ts'
import { Engine } from './engine.ts'
import type { PoolEvents } from './events.ts'
import type { ClusterState } from './failover/cluster-state.ts'
import { RoutedPool } from './routed-pool.ts'
import { ownRequest, readRequest, writeRequest } from './routing/request.ts'

type PgPool = InstanceType<typeof RoutedPool>
type PgPoolEvent = 'error' | 'release' | 'connect' | 'acquire' | 'remove'
type PgPoolListener<K extends PgPoolEvent> = Parameters<typeof RoutedPool.prototype.on<K>>[1]

/**
 * A drop-in replacement for `pg.Pool` that knows a PostgreSQL cluster. Takes every option of `pg.Pool`, and a list of
 * hosts; nothing is connected before it is first used. Throws `ConfigError` with every fault of the options at once.
 *
 * `query` and `connect` go to the nodes that `targetServerType` names: the primary, unless told otherwise.
 */
export class Pool extends RoutedPool {
  /** A pg.Pool for reads: a fit standby, else the primary. Its sessions are read-only wherever they run. */
  readonly read: PgPool
  /** A pg.Pool for writes: always the primary. */
  readonly write: PgPool
  readonly #engine: Engine
  #pictured: { readonly state: ClusterState; readonly snapshot: ClusterSnapshot } | null = null

  constructor(options?: PoolOptions) {
    const settings = resolveSettings(options, process.env, userFiles())
    for (const notice of settings.notices) warnOnce(notice)
    const engine = new Engine(settings)
    const poolOptions = engine.shownOptions
    super({ poolOptions, engine, request: ownRequest(settings.target) })
    const { target } = settings
    this.#engine = engine
    this.read = new RoutedPool({ poolOptions, engine, request: readRequest(target), intent: 'read' })
    this.write = new RoutedPool({ poolOptions, engine, request: writeRequest(target), intent: 'write' })
    engine.listen({
      poolEvent: (intent, event, args) => {
        for (const pool of [this, this[intent]]) {
          // Without a listener an 'error' would end the process: a node's death must not.
          if (pool.listenerCount(event) > 0) pool.emit(event, ...args)
        }
      },
      clusterEvent: ({ name, payload }) => {
        this.emit(name, payload)
      },
    })
  }

  /** What is believed of the cluster now: frozen, and fit for JSON. */
  get cluster(): ClusterSnapshot {
    const { state } = this.#engine
    if (this.#pictured?.state !== state) this.#pictured = { state, snapshot: clusterSnapshot(state) }
    return this.#pictured.snapshot
  }

  override on<K extends keyof PoolEvents>(event: K, listener: (payload: PoolEvents[K]) => void): this
  override on<K extends PgPoolEvent>(event: K, listener: PgPoolListener<K>): this
  override on(event: string, listener: (...args: never[]) => void): this {
    return super.on(event as PgPoolEvent, listener as PgPoolListener<PgPoolEvent>)
  }

  protected override async finish(): Promise<void> {
    Object.assign(this.read, { ending: true })
    Object.assign(this.write, { ending: true })
    await this.#engine.end()
    for (const pool of [this.read, this.write, this]) Object.assign(pool, { ended: true })
  }
}
