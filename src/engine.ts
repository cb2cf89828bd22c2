// Puts the rooms together for one Pool: settings in, a dispatcher that serves requests out. Holds no policy of its own.
import type { PoolConfig } from 'pg'
import { keptCount, limited, nodeOptions, warmCount } from './config/node-options.ts'
import type { PoolEventName } from './config/pool-engine.ts'
import type { Settings } from './config/settings.ts'
import { connectionOptions, monitorOptions, readOnly } from './connection-options.ts'
import { Dialer } from './dialing/dialer.ts'
import type { DrainParts } from './draining.ts'
import { type EndOptions, endPool } from './ending.ts'
import type { PoolEvent } from './events.ts'
import type { ClusterState } from './failover/cluster-state.ts'
import { clusterGuide, plainGuide } from './guide.ts'
import { monotonicClock } from './monitoring/clock.ts'
import { Coordinator, type ManagerAgent } from './monitoring/coordinator.ts'
import { readHistory } from './monitoring/history-reader.ts'
import { Patroni } from './monitoring/patroni.ts'
import { Prober } from './monitoring/prober.ts'
import { policyFrom, steadyMillis } from './policy.ts'
import { Dispatcher } from './pooling/dispatcher.ts'
import { nodeEngines } from './pooling/engines/node-engines.ts'
import type { Guide } from './pooling/guide.ts'
import type { NodePool } from './pooling/node-pool.ts'
import { findFate } from './pooling/outcome-lookup.ts'
import { PoolSet } from './pooling/pool-set.ts'
import { Redial } from './pooling/redial.ts'
import type { OutcomeKeeper } from './pooling/statement-batch.ts'
import { TokenKeeper } from './pooling/token-keeper.ts'
import { WarmPools } from './pooling/warm-pools.ts'
import { type Intent, type RouteRequest, writeRequest } from './routing/request.ts'
import type { Policy } from './split-brain/hearing.ts'
import { findNode } from './topology/cluster-view.ts'
import { networkMillis } from './topology/network-time.ts'
import { type NodeView, wasHeard } from './topology/node-view.ts'

/** As within one site or between near ones: what a round trip more may cost a write where nobody has said. */
const CHEAP_ROUND_TRIP_MILLIS = 10

/** Since the pool was made. */
export interface PoolCounters {
  /** Requests for the primary that were given up because none could be named. */
  readonly writesRefused: number
  /** Connections in use that were cut because their node had lost, or might have. */
  readonly connectionsFenced: number
}

export interface EngineListener {
  /** pg-pool's own events, of the pools of one intent. */
  poolEvent(intent: Intent, event: PoolEventName, args: readonly unknown[]): void
  clusterEvent(event: PoolEvent): void
}

export class Engine {
  readonly settings: Settings
  readonly dispatcher: Dispatcher
  /** Null: lost commits are left in doubt. */
  readonly outcomes: OutcomeKeeper | null
  readonly #dialer: Dialer
  readonly #pools: PoolSet
  readonly #guide: Guide
  readonly #coordinator: Coordinator | null
  #listener: EngineListener | null = null
  #writesRefused = 0
  #connectionsFenced = 0

  /** @throws ConfigError for certificate files that cannot be used. */
  constructor(settings: Settings) {
    this.settings = settings
    this.#dialer = new Dialer(settings)
    const policy = policyFrom(settings)
    this.#pools = this.#makePools()
    this.#coordinator = settings.monitored ? this.#makeCoordinator(policy) : null
    this.#guide = this.#makeGuide(policy)
    this.dispatcher = new Dispatcher({
      guide: this.#guide,
      pools: this.#pools,
      failoverTimeoutMillis: settings.failoverTimeoutMillis,
      maxWaiting: settings.maxWaitingRequests,
      onWriteRefused: () => {
        this.#writesRefused += 1
      },
      clock: monotonicClock,
      random: Math.random,
    })
    const keeps = settings.monitored && settings.commitOutcome !== 'off'
    this.outcomes = keeps ? this.#keepOutcomes(policy) : null
  }

  /** What a pool of this intent shows as its own options: those of the first node. */
  shownOptions(intent: Intent): PoolConfig {
    const [host] = this.settings.hosts
    if (host === undefined) throw new Error('A host was expected')
    const options = this.#dialer.options(nodeOptions(this.settings, host), host.hostaddr ?? null)
    return limited(options, this.settings[`${intent}Limits`])
  }

  get state(): ClusterState {
    return this.#guide.state
  }

  /** The node that would serve such a request now; null: it would wait. */
  nodeFor(request: RouteRequest): string | null {
    this.#guide.start()
    const selection = this.#guide.select(request)
    return selection.kind === 'use' ? selection.node : null
  }

  get counters(): PoolCounters {
    return Object.freeze({ writesRefused: this.#writesRefused, connectionsFenced: this.#connectionsFenced })
  }

  listen(listener: EngineListener): void {
    this.#listener = listener
  }

  pools(intent?: Intent): Iterable<NodePool> {
    return this.#pools.pools(intent)
  }

  /** What taking a node out of service needs. */
  get drainParts(): DrainParts {
    const { failoverTimeoutMillis } = this.settings
    return { coordinator: this.#coordinator, pools: this.#pools, failoverTimeoutMillis }
  }

  end(options: EndOptions): Promise<void> {
    return endPool(
      { dispatcher: this.dispatcher, pools: this.#pools, coordinator: this.#coordinator },
      options,
    )
  }

  #node(name: string): NodeView | undefined {
    return findNode(this.state.view, name)
  }

  #keepOutcomes({ beliefMillis }: Policy): OutcomeKeeper {
    const { dispatcher, settings } = this
    const lookup = {
      dispatcher,
      request: writeRequest(settings.target),
      ...{ clock: monotonicClock, random: Math.random },
      startOf: (name: string) => this.#node(name)?.answer?.serverStartMillis ?? null,
      timeoutMillis: settings.failoverTimeoutMillis,
    }
    const tokens = settings.commitTokens ? new TokenKeeper(lookup) : null
    return {
      holds: (name) =>
        settings.commitOutcome === 'certain' ||
        (settings.commitOutcome === 'auto' &&
          (networkMillis(this.#node(name)?.network ?? null) ?? 0) < CHEAP_ROUND_TRIP_MILLIS),
      mayCommit: (name) => {
        const node = this.#node(name)
        return node === undefined || wasHeard(node, monotonicClock() - beliefMillis)
      },
      token: () => tokens?.give() ?? null,
      mute: new WeakSet(),
      systemIdentifier: (name) => this.#node(name)?.answer?.systemIdentifier ?? null,
      find: (sought) => findFate(sought, lookup),
      tell: (payload) => this.#listener?.clusterEvent({ name: 'commitOutcome', payload }),
      clock: monotonicClock,
    }
  }

  /** The node's own address is dialled, whatever its name may lead to by then. */
  #dialledOptions(node: NodeView): PoolConfig {
    return this.#dialer.options(nodeOptions(this.settings, node), node.address)
  }

  #makePools(): PoolSet {
    const { settings } = this
    const makeEngine = nodeEngines(settings, { clock: monotonicClock, random: Math.random })
    return new PoolSet({
      optionsFor: (name, intent) => {
        const node = findNode(this.state.view, name)
        if (node === undefined) throw new Error(`${name} is not in the view`)
        const isPooled = (): boolean => this.#node(name)?.answer?.isPooled === true
        const dialled = limited(this.#dialledOptions(node), settings[`${intent}Limits`])
        const options = connectionOptions(dialled, { settings, isPooled })
        return intent === 'read'
          ? { makeEngine: makeEngine.read, poolOptions: readOnly(options), plainOptions: options }
          : { makeEngine: makeEngine.write, poolOptions: options }
      },
      // A promotion, told by the server itself: what the others say now counts, too.
      onRoleChange: () => this.#coordinator?.lookNow(),
      onEvent: ({ pool, intent }, { name, args, generation }) => {
        // A connection that died at rest is the earliest sign there is of its server.
        if (name === 'error') this.dispatcher.report(pool, generation, args[0])
        this.#listener?.poolEvent(intent, name, args)
      },
    })
  }

  #makeCoordinator(policy: Policy): Coordinator {
    const { settings } = this
    const warm = new WarmPools({ pools: this.#pools, count: warmCount(settings), clock: monotonicClock })
    const redial = new Redial({ pools: this.#pools, max: keptCount(settings) })
    return new Coordinator({
      hosts: settings.hosts,
      policy,
      lookerFor: (node) =>
        new Prober({
          connection: monitorOptions(this.#dialledOptions(node), settings),
          timeoutMillis: settings.probeTimeoutMillis,
          clock: monotonicClock,
          onLost: () => this.#guide.look(node.name),
        }),
      trace: (node, timeline) =>
        readHistory(timeline, {
          connection: monitorOptions(this.#dialledOptions(node), settings),
          timeoutMillis: settings.probeTimeoutMillis,
          clock: monotonicClock,
        }),
      manager: patroniAgents(settings),
      steadyMillis: steadyMillis(settings),
      names: {
        lookup: settings.lookup,
        timeoutMillis: settings.probeTimeoutMillis,
        recheckMillis: settings.hostRecheckMillis,
      },
      clock: monotonicClock,
      random: Math.random,
      effects: {
        forget: ({ node }) => this.#pools.forget(node),
        invalidate: ({ node, intent, idle }) => this.#pools.invalidate(node, intent, idle),
        destroyLeased: ({ node, intent, reason, why }) => {
          const cut = this.#pools.destroyLeased(node, intent, { reason, why })
          if (why === 'stale') this.#connectionsFenced += cut
        },
        wake: () => {
          this.dispatcher.wake()
          warm.keep(this.state)
          redial.keep(this.state)
        },
        emit: (event) => this.#listener?.clusterEvent(event),
      },
    })
  }

  #makeGuide(policy: Policy): Guide {
    if (this.#coordinator === null) return plainGuide(this.settings, policy)
    let turns = 0
    return clusterGuide(this.settings, this.#coordinator, {
      policy,
      clock: monotonicClock,
      moment: {
        random: Math.random,
        busy: (node) => this.#pools.busyCount(node),
        turn: () => turns++,
      },
    })
  }
}

function patroniAgents({ patroni, probeTimeoutMillis }: Settings): readonly ManagerAgent[] {
  return patroni.map((agent) => ({
    url: agent.url,
    node: agent.entry,
    looker: new Patroni({
      ...{ url: agent.url, username: agent.username, password: agent.password, ca: agent.ca },
      timeoutMillis: probeTimeoutMillis,
      clock: monotonicClock,
    }),
  }))
}
