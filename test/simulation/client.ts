// One application process in the simulation: the production coordinator, monitor, judge, selector, dispatcher and wait queue
// over simulated connections, with a workload that writes a key at a time. Everything it does is checked as it is done.

import { classifyError } from '../../src/failover/classify-error.ts'
import type { ClusterState } from '../../src/failover/cluster-state.ts'
import { Coordinator } from '../../src/monitoring/coordinator.ts'
import type { Lease } from '../../src/pooling/attempt.ts'
import { Dispatcher } from '../../src/pooling/dispatcher.ts'
import type { Guide } from '../../src/pooling/guide.ts'
import { SESSION } from '../../src/pooling/tracked-client.ts'
import { writeRequest } from '../../src/routing/request.ts'
import { Selector } from '../../src/routing/select-node.ts'
import type { Policy } from '../../src/split-brain/hearing.ts'
import { writableNode } from '../../src/split-brain/verdict.ts'
import { findNode } from '../../src/topology/cluster-view.ts'
import type { ManagerResult } from '../../src/topology/manager-word.ts'
import type { KnownHistory } from '../../src/topology/node-view.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { lookAnswer, lookFailure, PASSWORD, traceAnswer } from './answers.ts'
import { type Claims, checkTurn } from './claims.ts'
import { type Connection, Pool, Pools, type Surroundings } from './connections.ts'
import type { Manager } from './manager.ts'
import { isAlive, type Server } from './servers.ts'

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
export const FAILOVER_TIMEOUT_MILLIS = 3000
const PROBE_TIMEOUT_MILLIS = 300
/** The wait for a node, the making of a connection, the statement's own limit, and a sleep of the process between. */
const OVERDUE_MILLIS = FAILOVER_TIMEOUT_MILLIS + 5500
const STEADY_MILLIS = 400
const MAX_WAITING = 10_000
const STATEMENT_TIMEOUT_MILLIS = 2000

const POLICY: Policy = {
  splitBrain: 'refuse',
  writeQuorum: 'none',
  startupGraceMillis: 100,
  firstLookMillis: PROBE_TIMEOUT_MILLIS,
  settleMillis: SETTLE_MILLIS,
  beliefMillis: STEADY_MILLIS * 1.1 + 2 * PROBE_TIMEOUT_MILLIS,
}

export class Client {
  readonly #options: ClientOptions
  readonly #coordinator: Coordinator
  readonly #dispatcher: Dispatcher
  readonly #pools: Pools
  /** Which server each address of the list leads to: a VIP moves. */
  readonly addresses: number[]
  readonly acknowledged: string[] = []
  readonly refused: string[] = []
  readonly #open = new Map<string, number>()
  #steps: string[] = []
  #told = ''
  #keys = 0
  #isWriting = true
  #sleepsUntil = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.addresses = options.servers.all.map(({ index }) => index)
    this.#pools = new Pools((node) => new Pool(node, () => this.#serverOf(node), options))
    const clock = () => options.time.nowMillis
    this.#coordinator = new Coordinator({
      hosts: this.addresses.map((i) => ({ host: `n${i}`, port: 5432, hostaddr: `10.0.0.${i}` })),
      policy: POLICY,
      lookerFor: ({ name }) => ({ probe: () => this.#probe(name), close: () => {} }),
      trace: (node, timeline) => this.#trace(node.name, timeline),
      manager: this.#agents(),
      steadyMillis: STEADY_MILLIS,
      names: { timeoutMillis: 1000, recheckMillis: 10_000 },
      clock,
      random: options.random,
      effects: {
        forget: () => this.#steps.push('forget'),
        invalidate: ({ node }) => {
          this.#steps.push('pools')
          this.#pools.of(node).invalidate()
        },
        destroyLeased: ({ node, reason, why }) => {
          this.#steps.push('pools')
          this.#pools.of(node).destroyLeased(reason, why)
        },
        wake: () => {
          this.#steps.push('wake')
          this.#checkTurn()
          this.#dispatcher.wake()
        },
        emit: () => this.#steps.push('emit'),
      },
    })
    this.#dispatcher = new Dispatcher({
      guide: this.#guide(clock),
      pools: this.#pools.asPoolSet,
      failoverTimeoutMillis: FAILOVER_TIMEOUT_MILLIS,
      maxWaiting: MAX_WAITING,
      clock,
      random: options.random,
    })
  }

  get state(): ClusterState {
    return this.#coordinator.state
  }

  get named(): string | null {
    return writableNode(this.state.verdict)
  }

  /** Where the node named leads to now. */
  get namedServer(): Server | null {
    return this.named === null ? null : this.#serverOf(this.named)
  }

  get isPrivileged(): boolean {
    return this.#options.isPrivileged
  }

  get isAsleep(): boolean {
    return this.#options.time.nowMillis < this.#sleepsUntil
  }

  start(): void {
    this.#coordinator.start()
    this.#write()
  }

  /** Nothing of this process runs for a while: what reaches it is handled afterwards. */
  sleep(millis: number): void {
    this.#sleepsUntil = this.#options.time.nowMillis + millis
  }

  async end(): Promise<void> {
    this.#isWriting = false
    this.#coordinator.close()
    await this.#dispatcher.end()
  }

  /** One that has waited longer than it may, if there is one: a while for the request, a while for what it holds. */
  overdue(nowMillis: number): string | undefined {
    const [oldest] = this.#open
    return oldest !== undefined && nowMillis - oldest[1] > OVERDUE_MILLIS ? oldest[0] : undefined
  }

  get openCount(): number {
    return this.#open.size
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

  #agents() {
    const { manager, servers } = this.#options
    if (manager === null) return []
    return servers.all.map(({ index }) => ({
      url: `http://${index}`,
      node: `n${index}:5432`,
      looker: {
        probe: () =>
          this.#exchange<ManagerResult>(index, {
            ask: (askedAtMillis) => manager.answer(index, { nameOf: (i) => `n${i}`, askedAtMillis }),
            lost: (askedAtMillis) => ({
              ...{ kind: 'managerFailure', agent: `http://${index}`, askedAtMillis },
              ...{ code: 'ETIMEDOUT', message: 'silent' },
            }),
          }),
        close: () => {},
      },
    }))
  }

  #probe(node: string): Promise<ProbeResult> {
    const server = this.#serverOf(node)
    const { isPrivileged, servers, time } = this.#options
    return this.#exchange<ProbeResult>(server.index, {
      isSilent: () => server.isUp && server.isPaused,
      ask: (askedAtMillis) => {
        if (!server.isUp) return lookFailure('refused', askedAtMillis)
        return lookAnswer(server, { servers, askedAtMillis, nowMillis: time.nowMillis, isPrivileged })
      },
      lost: (askedAtMillis) => lookFailure('silent', askedAtMillis),
    })
  }

  #trace(node: string, timeline: number): Promise<KnownHistory> {
    const server = this.#serverOf(node)
    return this.#exchange<KnownHistory>(server.index, {
      isSilent: () => !isAlive(server),
      ask: () => traceAnswer(server, timeline),
      lost: () => ({ timeline, history: null }),
    })
  }

  /** A question there and an answer back, or what silence means. */
  #exchange<T>(
    index: number,
    talk: {
      readonly ask: (askedAtMillis: number) => T
      readonly lost: (askedAtMillis: number) => T
      readonly isSilent?: () => boolean
    },
  ): Promise<T> {
    const { network, client, time } = this.#options
    const link = network.link(client, index)
    const askedAtMillis = time.nowMillis
    return new Promise((resolve) => {
      const settle = (result: T): void => this.#awake(() => resolve(result))
      const deadline = time.after(PROBE_TIMEOUT_MILLIS, () => settle(talk.lost(askedAtMillis)))
      network.send(link, 'there', () => {
        if (talk.isSilent?.() === true) return
        const result = talk.ask(askedAtMillis)
        network.send(link, 'back', () => {
          if (!deadline.isCleared) settle(result)
          time.cancel(deadline)
        })
      })
    })
  }

  #awake(run: () => void): void {
    const { time } = this.#options
    const wait = this.#sleepsUntil - time.nowMillis
    if (wait > 0) time.after(wait, run)
    else run()
  }

  #write(): void {
    if (!this.#isWriting) return
    const { time, random, client, claims } = this.#options
    const key = `c${client}-${this.#keys++}`
    this.#open.set(key, time.nowMillis)
    let calls = 0
    let isFree = false
    const made = time.made
    const { named } = this
    const isReady = named !== null && this.#pools.of(named).hasIdle && this.#isBelieved(named)
    this.#dispatcher.acquire({
      request: WRITE,
      failures: 0,
      sinceMillis: null,
      callback: (error, lease) => {
        calls += 1
        isFree = time.made === made
        claims.check(calls === 1, 6, () => `${key} was settled ${calls} times`)
        if (lease === null) {
          this.#checkError(error, key)
          this.#open.delete(key)
          this.refused.push(key)
        } else this.#send(key, lease)
      },
    })
    if (isReady) claims.check(calls === 1 && isFree, 10, () => `${key} had to wait for nothing`)
    time.after(60 + random() * 240, () => this.#awake(() => this.#write()))
  }

  #isBelieved(node: string): boolean {
    const checked = findNode(this.state.view, node)?.checkedAtMillis ?? 0
    return this.#options.time.nowMillis - checked < POLICY.beliefMillis
  }

  #send(key: string, lease: Lease): void {
    const { claims, random, time } = this.#options
    const connection = lease.client as unknown as Connection
    const { verdict, view } = this.state
    const { node } = lease.pool
    claims.check(this.named === node, 1, () => `${key} was given ${node}, the verdict is ${verdict.rule}`)
    claims.check(findNode(view, node)?.state === 'primary', 1, () => `${node} is no primary to this client`)
    claims.check(connection[SESSION].inHotStandby !== true, 9, () => `${key} leads to a standby that said so`)
    // As pg's query_timeout would: an application does not wait for ever.
    const giveUp = time.after(STATEMENT_TIMEOUT_MILLIS, () =>
      connection.destroy(new Error('Query read timeout')),
    )
    const go = (): void =>
      this.#awake(() => {
        this.#checkSending(key, connection)
        connection.write(key, (error) =>
          this.#awake(() => {
            time.cancel(giveUp)
            this.#done(key, { error, lease, connection })
          }),
        )
      })
    // Some hold their connection before they write.
    if (random() < 0.3) time.after(random() * 400, go)
    else go()
  }

  /** A node that has lost, or is in dispute, is written to by nobody who knows. */
  #checkSending(key: string, connection: Connection): void {
    const { claims } = this.#options
    const { verdict } = this.state
    const disputed = verdict.kind === 'dualPrimary' && verdict.rule !== 'unconfirmed' ? verdict.claimants : []
    const condemned = [...verdict.stale, ...disputed].includes(connection.node)
    claims.check(
      !condemned || !connection.isOpen,
      5,
      () => `${key} is sent to ${connection.node} after it was condemned by ${verdict.rule}`,
    )
  }

  #done(
    key: string,
    { error, lease, connection }: { error: Error | null; lease: Lease; connection: Connection },
  ): void {
    if (!this.#open.delete(key)) return
    if (error === null) {
      this.acknowledged.push(key)
      lease.release()
      return
    }
    const { claims, tell, client } = this.#options
    const { pool } = lease
    tell(`client ${client} lost ${key} at ${connection.node} (n${connection.server.index}): ${error.message}`)
    const before = this.state
    const isOld = pool.generation !== connection.generation
    this.#dispatcher.report(pool, connection.generation, error)
    claims.check(
      !isOld || this.state === before,
      5,
      () => `${key}: an error of an older generation was believed`,
    )
    lease.release(classifyError(error).connection === 'lost' ? error : true)
  }

  #checkError(error: Error | undefined, key: string): void {
    const { claims } = this.#options
    const { code } = (error ?? {}) as { code?: string }
    const isOurs =
      code?.startsWith('PGHA_') || /Cannot use a pool|^E[A-Z]+$/.test(code ?? error?.message ?? '')
    claims.check(isOurs === true, 8, () => `${key} failed with ${error?.message}`)
    claims.check(!String(error?.message).includes(PASSWORD), 8, () => `${key} tells the password`)
  }

  #checkTurn(): void {
    const steps = this.#steps
    this.#steps = []
    const { kind, rule, reason } = this.state.verdict
    const told = `${kind} by ${rule}: ${reason}`
    if (told !== this.#told) this.#options.tell(`client ${this.#options.client} ${told}`)
    this.#told = told
    checkTurn(this.#options.claims, { state: this.state, steps, pools: this.#pools })
  }
}

const WRITE = writeRequest('primary')
