// Pool: pg.Pool for a cluster. The composition root; what it does is done in the rooms below.
import type { QueryConfig } from 'pg'
import { type ClusterSnapshot, clusterSnapshot } from './cluster-snapshot.ts'
import type { PoolOptions } from './config/pool-options.ts'
import { resolveSettings } from './config/resolve-settings.ts'
import { userFiles } from './dialing/system-files.ts'
import { warnOnce } from './dialing/warn-once.ts'
import { type DrainOptions, drainNode, undrainNode } from './draining.ts'
import type { EndOptions } from './ending.ts'
import { Engine, type PoolCounters } from './engine.ts'
import type { PoolEvents } from './events.ts'
import type { ClusterState } from './failover/cluster-state.ts'
import { RoutedPool } from './routed-pool.ts'
import { ownRequest, type RouteRequest, readRequest, writeRequest } from './routing/request.ts'
import { checkSessions, type SessionOptions, Sessions } from './sessions.ts'
import { explain } from './split-brain/explain.ts'
import type { Verdict } from './split-brain/verdict.ts'
import { type Splitting, splittingOf } from './splitting.ts'

type PgPool = InstanceType<typeof RoutedPool>
type PgPoolEvent = 'error' | 'release' | 'connect' | 'acquire' | 'remove'
type PgPoolListener<K extends PgPoolEvent> = Parameters<typeof RoutedPool.prototype.on<K>>[1]

/** Where a statement would run. */
export interface RouteExplanation {
  /** `target`: the pool does not split; the statement counts for nothing. */
  readonly to: 'standby' | 'primary' | 'target'
  readonly why: string
  /** The node that would serve it now; null: it would wait for one. */
  readonly node: string | null
}

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
  readonly #own: RouteRequest
  readonly #splitting: Splitting | null
  /** Made when it is first wanted: without sessions nothing is bound to one. */
  #sessions: Sessions | null = null
  #pictured: { readonly state: ClusterState; readonly snapshot: ClusterSnapshot } | null = null

  constructor(options?: PoolOptions) {
    const settings = resolveSettings(options, process.env, userFiles())
    for (const notice of settings.notices) warnOnce(notice)
    const engine = new Engine(settings)
    const splitting = splittingOf(engine)
    const { target } = settings
    const request = ownRequest(target)
    super({ poolOptions: engine.shownOptions(request.intent), engine, request, splitting })
    this.#engine = engine
    this.#own = request
    this.#splitting = splitting
    if (settings.readConsistency === 'session' && settings.monitored) this.#sessions = new Sessions(engine)
    this.read = view(engine, readRequest(target))
    this.write = view(engine, writeRequest(target))
    engine.listen({
      poolEvent: (intent, event, args) => {
        for (const pool of [this, this[intent]]) {
          // Without a listener an 'error' would end the process: a node's death must not.
          if (pool.listenerCount(event) > 0) pool.emit(event, ...args)
        }
      },
      clusterEvent: ({ name, payload }) => {
        if (name === 'splitBrain' && this.listenerCount(name) === 0) warnOfSplitBrain(payload.verdict)
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

  /**
   * Runs `work` as one session: its reads, through this pool in any form, see what it has written before, wherever they
   * run. What `work` returns is passed on. Works with any `readConsistency`; throws `ConfigError` with a single plain host.
   */
  session<T>(work: () => T, options: SessionOptions = {}): T {
    checkSessions(this.#engine)
    this.#sessions ??= new Sessions(this.#engine)
    return this.#sessions.run(options, work)
  }

  /**
   * What the present session has written, as a text for `session` elsewhere: another request, another process. Null: nothing.
   * Outside of any session it is that of the whole pool. Waits only where a write is not accounted for yet.
   */
  async sessionToken(): Promise<string | null> {
    return this.#sessions === null ? null : this.#sessions.token()
  }

  /**
   * Where `query` would run this text now, and why: by the statement where the pool splits, else by the pool's own target.
   * Asks the cluster about functions it has not met yet; runs nothing of the text.
   */
  async explainRoute(text: string | QueryConfig): Promise<RouteExplanation> {
    if (this.#splitting === null) {
      const { target } = this.#engine.settings
      const node = this.#engine.nodeFor(this.#own)
      return Object.freeze({ to: 'target', why: `every statement goes by the target ${target}`, node })
    }
    const { to, why } = await this.#splitting.splitter.explain(text)
    return Object.freeze({ to, why, node: this.#engine.nodeFor(this.#splitting.requests[to]) })
  }

  /**
   * Takes a node (`host:port`, as in `pool.cluster`) out of service, for a planned switchover or for maintenance: nothing new
   * is sent there, its idle connections close, and what is under way finishes. Writes wait for the next primary, reads go
   * elsewhere. Resolves when no connection to it is in use; rejects with `DrainTimeoutError` when some still are after
   * `timeoutMillis`, and the node stays drained. It serves again once it is back with another role or after a restart, after
   * `holdMillis`, or by `undrain`.
   */
  async drain(node: string, options?: DrainOptions): Promise<void> {
    await drainNode(this.#engine.drainParts, node, options)
  }

  /** Lets a drained node serve again. */
  undrain(node: string): void {
    undrainNode(this.#engine.drainParts, node)
  }

  /** What it has refused and cut since it was made. */
  get counters(): PoolCounters {
    return this.#engine.counters
  }

  override on<K extends keyof PoolEvents>(event: K, listener: (payload: PoolEvents[K]) => void): this
  override on<K extends PgPoolEvent>(event: K, listener: PgPoolListener<K>): this
  override on(event: string, listener: (...args: never[]) => void): this {
    return super.on(event as PgPoolEvent, listener as PgPoolListener<PgPoolEvent>)
  }

  protected override async finish(options: EndOptions): Promise<void> {
    Object.assign(this.read, { ending: true })
    Object.assign(this.write, { ending: true })
    await this.#engine.end(options)
    for (const pool of [this.read, this.write, this]) Object.assign(pool, { ended: true })
  }
}

function view(engine: Engine, request: RouteRequest): RoutedPool {
  const { intent } = request
  return new RoutedPool({ poolOptions: engine.shownOptions(intent), engine, request, intent })
}

/** Where nobody listens, an operator must still be able to see it. */
function warnOfSplitBrain(verdict: Verdict): void {
  const options = { type: 'PgHaWarning', code: 'PGHA_SPLIT_BRAIN', detail: explain(verdict) }
  process.emitWarning(`Two primaries: ${verdict.reason}. See docs/runbooks/split-brain.md`, options)
}
