// Puts the rooms together for one Pool: settings in, a dispatcher that serves requests out. Holds no policy of its own.
import { readFileSync } from 'node:fs'
import type { PoolConfig } from 'pg'
import { nodeOptions } from './config/node-options.ts'
import type { Settings } from './config/settings.ts'
import type { PoolEvent } from './events.ts'
import type { ClusterState } from './failover/cluster-state.ts'
import { clusterGuide, plainGuide } from './guide.ts'
import { monotonicClock } from './monitoring/clock.ts'
import { Coordinator } from './monitoring/coordinator.ts'
import { Prober } from './monitoring/prober.ts'
import { longestPauseMillis } from './monitoring/rhythm.ts'
import { Dispatcher, type Guide } from './pooling/dispatcher.ts'
import type { NodePool, PoolEventName } from './pooling/node-pool.ts'
import { PoolSet } from './pooling/pool-set.ts'
import { verifyRole } from './pooling/role-check.ts'
import { type ClientClass, trackedClientClass } from './pooling/tracked-client.ts'
import type { Intent } from './routing/request.ts'
import type { Policy } from './split-brain/hearing.ts'
import { type Host, hostName } from './topology/host.ts'

/**
 * How long followers must have stayed before they outvote a newer timeline. Under Patroni they move within one round of
 * its loop: about 5 s were seen, 10 s is the default round.
 */
const SETTLE_MILLIS = 10_000

export interface EngineListener {
  /** pg-pool's own events, of the pools of one intent. */
  poolEvent(intent: Intent, event: PoolEventName, args: readonly unknown[]): void
  clusterEvent(event: PoolEvent): void
}

export class Engine {
  readonly settings: Settings
  readonly dispatcher: Dispatcher
  readonly #pools: PoolSet
  readonly #guide: Guide
  readonly #coordinator: Coordinator | null
  #listener: EngineListener | null = null

  constructor(settings: Settings) {
    this.settings = settings
    const policy: Policy = {
      splitBrain: settings.splitBrain,
      writeQuorum: settings.writeQuorum,
      startupGraceMillis: settings.startupGraceMillis,
      settleMillis: SETTLE_MILLIS,
      // A look that is due may be put off by its jitter, and then take its time to connect and to answer.
      beliefMillis: longestPauseMillis(steadyMillis(settings)) + 2 * settings.probeTimeoutMillis,
    }
    this.#pools = this.#makePools()
    this.#coordinator = settings.monitored ? this.#makeCoordinator(policy) : null
    this.#guide = this.#makeGuide(policy)
    this.dispatcher = new Dispatcher({
      guide: this.#guide,
      pools: this.#pools,
      failoverTimeoutMillis: settings.failoverTimeoutMillis,
      clock: monotonicClock,
      random: Math.random,
    })
  }

  /** What the pool shows as its own options: those of the first node. */
  get shownOptions(): PoolConfig {
    const [host] = this.settings.hosts
    if (host === undefined) throw new Error('A host was expected')
    return nodeOptions(this.settings, host, readText)
  }

  get state(): ClusterState {
    return this.#guide.state
  }

  listen(listener: EngineListener): void {
    this.#listener = listener
  }

  pools(intent?: Intent): Iterable<NodePool> {
    return this.#pools.pools(intent)
  }

  async end(): Promise<void> {
    this.#coordinator?.close()
    await this.dispatcher.end()
  }

  #makePools(): PoolSet {
    const { settings } = this
    const hosts = new Map(settings.hosts.map((host) => [hostName(host), host]))
    return new PoolSet({
      optionsFor: (node, intent) => {
        const host = hosts.get(node)
        if (host === undefined) throw new Error(`${node} is not in the host list`)
        const options = connectionOptions(settings, host)
        return intent === 'read'
          ? { poolOptions: readOnly(options), plainOptions: options }
          : { poolOptions: options }
      },
      onEvent: ({ pool, intent }, { name, args, generation }) => {
        // A connection that died at rest is the earliest sign there is of its server.
        if (name === 'error') this.dispatcher.report(pool, generation, args[0])
        this.#listener?.poolEvent(intent, name, args)
      },
    })
  }

  #makeCoordinator(policy: Policy): Coordinator {
    const { settings } = this
    const lookers = new Map(
      settings.hosts.map((host) => {
        const node = hostName(host)
        const prober = new Prober({
          connection: monitorOptions(settings, host),
          timeoutMillis: settings.probeTimeoutMillis,
          clock: monotonicClock,
          onLost: () => this.#guide.look(node),
        })
        return [node, prober] as const
      }),
    )
    return new Coordinator({
      hosts: settings.hosts,
      policy,
      lookers,
      steadyMillis: steadyMillis(settings),
      clock: monotonicClock,
      random: Math.random,
      effects: {
        invalidate: ({ node, intent, idle }) => this.#pools.invalidate(node, intent, idle),
        destroyLeased: ({ node, intent, reason }) => this.#pools.destroyLeased(node, intent, reason),
        wake: () => this.dispatcher.wake(),
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

/** No belief goes longer without a look than `hostRecheckSeconds`. */
function steadyMillis({ probeIntervalMillis, hostRecheckMillis }: Settings): number {
  return Math.min(probeIntervalMillis, hostRecheckMillis)
}

function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

/** The role of each new connection is made sure of. */
function connectionOptions(settings: Settings, host: Host): PoolConfig {
  const options = nodeOptions(settings, host, readText)
  options.Client = trackedClientClass(options.Client as ClientClass | undefined) as never
  if (settings.monitored) options.verify = verifyRole(options.verify)
  return options
}

/** Sessions that cannot write unless they ask for it, wherever they run. */
function readOnly(options: PoolConfig): PoolConfig {
  const startup = [options.options, '-c default_transaction_read_only=on'].filter(Boolean).join(' ')
  return { ...options, options: startup }
}

function monitorOptions(settings: Settings, host: Host): PoolConfig {
  const options = nodeOptions(settings, host, readText)
  const login: PoolConfig = {
    ...options,
    application_name: 'pg-ha monitor',
    pipeline: false,
    query_timeout: 0,
    // The application may parse values as it likes; evidence is read as PostgreSQL writes it.
    types: { getTypeParser: () => String } as never,
  }
  Object.defineProperty(login, 'password', {
    value: settings.monitorPassword ?? options.password,
    enumerable: false,
  })
  if (settings.monitorUser !== undefined) login.user = settings.monitorUser
  return login
}
