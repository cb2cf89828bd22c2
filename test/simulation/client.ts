// One application process in the simulation: the production coordinator, monitor, judge, selector, dispatcher and wait queue
// over simulated connections, looks and a workload. What is done in each turn is checked as it is done.
import type { ClusterState } from '../../src/failover/cluster-state.ts'
import { Coordinator, type CoordinatorEffects } from '../../src/monitoring/coordinator.ts'
import { Dispatcher } from '../../src/pooling/dispatcher.ts'
import type { Guide } from '../../src/pooling/guide.ts'
import { Redial } from '../../src/pooling/redial.ts'
import { Selector } from '../../src/routing/select-node.ts'
import type { Policy } from '../../src/split-brain/hearing.ts'
import { writableNode } from '../../src/split-brain/verdict.ts'
import { Asking } from './asking.ts'
import { type Claims, Turns } from './claims.ts'
import { Pool, Pools, type Surroundings } from './connections.ts'
import type { Manager } from './manager.ts'
import type { Server } from './servers.ts'
import { Sleeper } from './sleeper.ts'
import { Workload } from './workload.ts'

export interface ClientOptions extends Surroundings {
  readonly random: () => number
  readonly claims: Claims
  readonly manager: Manager | null
  /** Whether the monitor's role sees whom standbys follow, and where timelines come from. */
  readonly isPrivileged: boolean
  /** Hears every change of a verdict. */
  readonly tell: (line: string) => void
}

export const SETTLE_MILLIS = 2000
const FAILOVER_TIMEOUT_MILLIS = 3000
const PROBE_TIMEOUT_MILLIS = 300
/** The wait for a node, the making of a connection, the statement's own limit, and a sleep of the process between. */
const OVERDUE_MILLIS = FAILOVER_TIMEOUT_MILLIS + 5500
const STEADY_MILLIS = 400
const MAX_WAITING = 10_000
const REDIAL_MAX = 10

const POLICY: Policy = {
  splitBrain: 'refuse',
  writeQuorum: 'none',
  startupGraceMillis: 100,
  firstLookMillis: PROBE_TIMEOUT_MILLIS,
  settleMillis: SETTLE_MILLIS,
  beliefMillis: STEADY_MILLIS * 1.1 + 2 * PROBE_TIMEOUT_MILLIS,
}

export class Client {
  readonly workload: Workload
  /** Which server each address of the list leads to: a VIP moves. */
  readonly addresses: number[]
  readonly #options: ClientOptions
  readonly #coordinator: Coordinator
  readonly #dispatcher: Dispatcher
  readonly #pools: Pools
  readonly #sleeper: Sleeper
  readonly #turns: Turns
  #told = ''

  constructor(options: ClientOptions) {
    this.#options = options
    const { time, servers, random, claims } = options
    this.addresses = servers.all.map(({ index }) => index)
    this.#sleeper = new Sleeper(time)
    const serverOf = (node: string): Server => this.#serverOf(node)
    this.#pools = new Pools((node) => new Pool(node, () => serverOf(node), options))
    this.#turns = new Turns(claims, this.#pools)
    const clock = () => time.nowMillis
    const sleeper = this.#sleeper
    const asking = new Asking({ ...options, sleeper, serverOf, timeoutMillis: PROBE_TIMEOUT_MILLIS })
    this.#coordinator = new Coordinator({
      hosts: this.addresses.map((i) => ({ host: `n${i}`, port: 5432, hostaddr: `10.0.0.${i}` })),
      policy: POLICY,
      lookerFor: ({ name }) => ({ probe: () => asking.probe(name), close: () => {} }),
      trace: ({ name }, timeline) => asking.trace(name, timeline),
      manager: asking.agents(),
      steadyMillis: STEADY_MILLIS,
      names: { timeoutMillis: 1000, recheckMillis: 10_000 },
      clock,
      random,
      effects: this.#effects(),
    })
    this.#dispatcher = new Dispatcher({
      guide: this.#guide(clock),
      pools: this.#pools.asPoolSet,
      failoverTimeoutMillis: FAILOVER_TIMEOUT_MILLIS,
      maxWaiting: MAX_WAITING,
      clock,
      random,
    })
    this.workload = new Workload({
      ...{ ...options, sleeper, dispatcher: this.#dispatcher, pools: this.#pools, state: () => this.state },
      ...{ beliefMillis: POLICY.beliefMillis, overdueMillis: OVERDUE_MILLIS },
    })
  }

  get state(): ClusterState {
    return this.#coordinator.state
  }

  /** Where the node named leads to now. */
  get namedServer(): Server | null {
    const named = writableNode(this.state.verdict)
    return named === null ? null : this.#serverOf(named)
  }

  get isPrivileged(): boolean {
    return this.#options.isPrivileged
  }

  get isAsleep(): boolean {
    return this.#sleeper.isAsleep
  }

  start(): void {
    this.#coordinator.start()
    this.workload.write()
  }

  sleep(millis: number): void {
    this.#sleeper.sleep(millis)
  }

  async end(): Promise<void> {
    this.workload.stop()
    this.#coordinator.close()
    await this.#dispatcher.end()
  }

  #effects(): CoordinatorEffects {
    const redial = new Redial({ pools: this.#pools.asPoolSet, max: REDIAL_MAX })
    return {
      forget: () => this.#turns.pools(this.state),
      invalidate: ({ node }) => {
        this.#turns.pools(this.state)
        this.#pools.of(node).invalidate()
      },
      destroyLeased: ({ node, reason, why }) => {
        this.#turns.pools(this.state)
        this.#pools.of(node).destroyLeased(reason, why)
      },
      wake: () => {
        this.#tellVerdict()
        this.#turns.wake(this.state)
        this.#dispatcher.wake()
        redial.keep(this.state)
      },
      emit: (event) => this.#turns.emit(this.state, event),
    }
  }

  #guide(clock: () => number): Guide {
    const limits = { maxBytes: Number.POSITIVE_INFINITY, maxMillis: Number.POSITIVE_INFINITY }
    const selector = new Selector({ limits, maxAgeMillis: POLICY.beliefMillis })
    const moment = { random: this.#options.random, busy: () => 0, turn: () => 0 }
    const coordinator = this.#coordinator
    return {
      monitored: true,
      get state() {
        return coordinator.state
      },
      start: () => {},
      select: (request: Parameters<Guide['select']>[0], avoid: ReadonlySet<string> | undefined) =>
        selector.select(coordinator.state, request, { balancing: null, moment, avoid, nowMillis: clock() }),
      isFit: (request: Parameters<Guide['isFit']>[0], node: string) =>
        selector.isFit(coordinator.state, request, { node, nowMillis: clock() }),
      report: (node: string, failure: Parameters<Guide['report']>[1]) => coordinator.report(node, failure),
      look: (node: string) => coordinator.lookNow([node]),
    } as Guide
  }

  #serverOf(node: string): Server {
    const i = Number(/\d+/.exec(node)?.[0])
    return this.#options.servers.all[this.addresses[i] ?? i] as Server
  }

  #tellVerdict(): void {
    const { kind, rule, reason } = this.state.verdict
    const told = `${kind} by ${rule}: ${reason}`
    if (told !== this.#told) this.#options.tell(`client ${this.#options.client} ${told}`)
    this.#told = told
  }
}
