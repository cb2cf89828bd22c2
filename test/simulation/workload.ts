// What the application of a client process does in the simulation: it writes a key at a time over connections that the
// production dispatcher hands out, and some it holds for a while. Each step is checked as it is done.
import { classifyError } from '../../src/failover/classify-error.ts'
import type { ClusterState } from '../../src/failover/cluster-state.ts'
import type { Lease } from '../../src/pooling/attempt.ts'
import type { Dispatcher } from '../../src/pooling/dispatcher.ts'
import { SESSION } from '../../src/pooling/tracked-client.ts'
import { writeRequest } from '../../src/routing/request.ts'
import { writableNode } from '../../src/split-brain/verdict.ts'
import { findNode } from '../../src/topology/cluster-view.ts'
import { PASSWORD } from './answers.ts'
import type { Claims } from './claims.ts'
import type { Connection, Pools } from './connections.ts'
import type { Sleeper } from './sleeper.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface WorkloadOptions {
  readonly client: number
  readonly time: VirtualTime
  readonly sleeper: Sleeper
  readonly random: () => number
  readonly claims: Claims
  readonly dispatcher: Dispatcher
  readonly pools: Pools
  /** What the client believes at this moment. */
  readonly state: () => ClusterState
  /** How old the newest look at a node may be. */
  readonly beliefMillis: number
  /** How long a request may take in all before it counts as lost. */
  readonly overdueMillis: number
  readonly tell: (line: string) => void
}

const STATEMENT_TIMEOUT_MILLIS = 2000
const WRITE = writeRequest('primary')

export class Workload {
  readonly #options: WorkloadOptions
  readonly acknowledged: string[] = []
  readonly refused: string[] = []
  readonly #open = new Map<string, number>()
  #keys = 0
  #isWriting = true

  constructor(options: WorkloadOptions) {
    this.#options = options
  }

  get openCount(): number {
    return this.#open.size
  }

  /** One that has waited longer than it may, if there is one: a while for the request, a while for what it holds. */
  overdue(nowMillis: number): string | undefined {
    const [oldest] = this.#open
    const isLate = oldest !== undefined && nowMillis - oldest[1] > this.#options.overdueMillis
    return isLate ? oldest[0] : undefined
  }

  /** Writes on and on, until it is stopped. */
  write(): void {
    if (!this.#isWriting) return
    const { time, sleeper, random, client, claims, dispatcher } = this.#options
    const key = `c${client}-${this.#keys++}`
    this.#open.set(key, time.nowMillis)
    let calls = 0
    let isFree = false
    const made = time.made
    const isReady = this.#isReady()
    dispatcher.acquire({
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
    time.after(60 + random() * 240, () => sleeper.awake(() => this.write()))
  }

  stop(): void {
    this.#isWriting = false
  }

  /** Whether the node named has a connection at rest, and has been seen lately. */
  #isReady(): boolean {
    const { pools, state, time, beliefMillis } = this.#options
    const { view, verdict } = state()
    const named = writableNode(verdict)
    if (named === null || pools.of(named).readyCount === 0) return false
    return time.nowMillis - (findNode(view, named)?.checkedAtMillis ?? 0) < beliefMillis
  }

  #send(key: string, lease: Lease): void {
    const { claims, random, time, sleeper, state } = this.#options
    const connection = lease.client as unknown as Connection
    const { verdict, view } = state()
    const { node } = lease.pool
    const isNamed = writableNode(verdict) === node
    claims.check(isNamed, 1, () => `${key} was given ${node}, the verdict is ${verdict.rule}`)
    claims.check(findNode(view, node)?.state === 'primary', 1, () => `${node} is no primary to this client`)
    claims.check(connection[SESSION].inHotStandby !== true, 9, () => `${key} leads to a standby that said so`)
    // As pg's query_timeout would: an application does not wait for ever.
    const giveUp = time.after(STATEMENT_TIMEOUT_MILLIS, () =>
      connection.destroy(new Error('Query read timeout')),
    )
    const go = (): void =>
      sleeper.awake(() => {
        this.#checkSending(key, connection)
        connection.write(key, (error) =>
          sleeper.awake(() => {
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
  #checkSending(key: string, { node, isOpen }: Connection): void {
    const { verdict } = this.#options.state()
    const disputed = verdict.kind === 'dualPrimary' && verdict.rule !== 'unconfirmed' ? verdict.claimants : []
    const isCondemned = [...verdict.stale, ...disputed].includes(node)
    const words = () => `${key} is sent to ${node} after it was condemned by ${verdict.rule}`
    this.#options.claims.check(!isCondemned || !isOpen, 5, words)
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
    const { claims, tell, client, dispatcher, state } = this.#options
    const { pool } = lease
    tell(`client ${client} lost ${key} at ${connection.node} (n${connection.server.index}): ${error.message}`)
    const before = state()
    const isOld = pool.generation !== connection.generation
    dispatcher.report(pool, connection.generation, error)
    const isUnmoved = !isOld || state() === before
    claims.check(isUnmoved, 5, () => `${key}: an error of an older generation was believed`)
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
}
