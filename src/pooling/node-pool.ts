// The connections of one node for one intent: a pool engine per generation. A new generation is a new engine; the old
// one ends as its clients come home. Knows nothing of roles, of other nodes, or of what errors mean.
import type { PoolConfig } from 'pg'
import type { PoolEngine, PoolEngineFactory, PoolEventName, Release } from '../config/pool-engine.ts'
import { ConnectionLostError } from '../errors.ts'
import { NotTriedError } from './not-tried.ts'
import { destroyClient, ON_CREATE, SESSION, type TrackedClient } from './tracked-client.ts'
import { type Waiter as LineWaiter, WaitingLine } from './waiting-line.ts'
import { stalePrimaryError } from './work-in-doubt.ts'

export type Waiter = LineWaiter<AcquireCallback>
export type AcquireCallback = (error: Error | undefined, client: TrackedClient, release: Release) => void

export interface ConnectionEvent {
  readonly name: PoolEventName
  readonly args: readonly unknown[]
  readonly generation: number
}

export interface NodePoolOptions {
  readonly node: string
  readonly makeEngine: PoolEngineFactory
  /** What an engine for this node gets, the tracked client class among it. */
  readonly poolOptions: PoolConfig
  /** The same without start-up options of ours; where it is not given there are none. */
  readonly plainOptions?: PoolConfig | undefined
  readonly onEvent: (event: ConnectionEvent) => void
  /** The server has told one of the connections that it has been promoted. */
  readonly onRoleChange?: (() => void) | undefined
}

interface Generation {
  readonly number: number
  readonly pool: PoolEngine
  readonly waiting: WaitingLine<AcquireCallback>
  /** How many in the line are gone. */
  abandoned: number
  /** `isReady`: it is no longer being made. */
  readonly clients: Map<TrackedClient, { isLeased: boolean; isReady: boolean }>
}

export class NodePool {
  readonly node: string
  readonly #options: NodePoolOptions
  readonly #leaving = new Set<Generation>()
  readonly #ended = new WeakMap<Generation, Promise<void>>()
  #current: Generation | null = null
  #generation = 0
  #isPlain = false

  constructor(options: NodePoolOptions) {
    this.node = options.node
    this.#options = options
  }

  /** An error of an older generation says nothing of the node as it is now. */
  get generation(): number {
    return this.#generation
  }

  /** Connections that exist, those of ending generations included. */
  get totalCount(): number {
    return this.#sum((generation) => generation.pool.totalCount)
  }

  get idleCount(): number {
    return this.#sum((generation) => generation.pool.idleCount)
  }

  /** Of the present generation alone. */
  get readyCount(): number {
    return this.#current?.pool.idleCount ?? 0
  }

  get waitingCount(): number {
    const count = this.#current?.pool.waitingCount ?? 0
    if (this.#current === null || this.#current.abandoned === 0) return count
    return queuedOf(this.#current).filter(({ isAbandoned }) => !isAbandoned).length
  }

  get expiredCount(): number {
    return this.#sum((generation) => generation.pool.expiredCount)
  }

  /** Connections in use, or being made; those of ending generations included. */
  get inUseCount(): number {
    return this.totalCount - this.idleCount
  }

  /** Connections in use, or being made, and callers that wait for one; those of ending generations left out. */
  get busyCount(): number {
    const pool = this.#current?.pool
    return pool === undefined ? 0 : pool.totalCount - pool.idleCount + pool.waitingCount
  }

  /** What it returns is for `abandon`. */
  acquire(callback: AcquireCallback): Waiter {
    const generation = this.#current ?? this.#open()
    const { pool, waiting } = generation
    const queuedBefore = pool.waitingCount
    const waiter = waiting.join(callback)
    pool.connect((error, client, release) => {
      const isWaitedFor = waiting.leave(waiter)
      const isFailed = error !== undefined && error !== null
      if (waiter.isAbandoned && (isFailed || !waiting.passOn(waiter))) {
        generation.abandoned -= 1
        // Not in this turn: each of a thousand that were abandoned would be served within the one before.
        if (!isFailed) setImmediate(release)
      } else if (isFailed) {
        if (isWaitedFor) waiter.callback(error, NO_CLIENT, NOTHING)
      } else if (!isWaitedFor) release(true)
      else waiter.callback(undefined, client as TrackedClient, release)
    })
    waiter.isQueued = pool.waitingCount > queuedBefore
    return waiter
  }

  /** Its callback is not called any more; false: it still is. A connection that comes for it goes to the next, or rests. */
  abandon(waiter: Waiter): boolean {
    const current = this.#current
    if (current === null || waiter.isAbandoned || !waiter.isWaiting) return false
    waiter.isAbandoned = true
    current.abandoned += 1
    return true
  }

  /** From now on connects without start-up options of ours; false where that is already so. */
  dropStartupOptions(generation: number): boolean {
    // Others of the same generation were refused for the same reason, and one of them has been here.
    if (generation !== this.#generation) return true
    const { plainOptions } = this.#options
    if (plainOptions === undefined || this.#isPlain) return false
    this.#isPlain = true
    this.invalidate('close')
    return true
  }

  /** Ends this generation: idle connections now, leased ones when they come home, waiting callers choose anew. */
  invalidate(idle: 'close' | 'destroy'): void {
    this.#generation += 1
    const ending = this.#current
    if (ending === null) return
    this.#current = null
    // Nobody is dismissed twice: an engine may dismiss those who wait when it ends, and what one does next may come here.
    const dismissed = ending.waiting.all().filter((each) => ending.waiting.leave(each))
    this.#leave(ending)
    if (idle === 'destroy') destroyIdle(ending)
    for (const waiter of dismissed) {
      if (waiter.isAbandoned) continue
      const error = new NotTriedError(`The connections to ${this.node} were given up`)
      waiter.callback(error, NO_CLIENT, NOTHING)
    }
  }

  /** Cuts off what is in use, in every generation, and says how many that were. */
  destroyLeased(reason: string, why: 'stale' | 'silent' = 'silent'): number {
    let cut = 0
    for (const generation of this.#generations()) {
      for (const [client, { isLeased }] of generation.clients) {
        if (!isLeased) continue
        cut += 1
        const message = `${reason}: the outcome of a statement under way is unknown`
        if (why === 'silent') {
          destroyClient(client, new ConnectionLostError(message, { node: this.node }))
          continue
        }
        const stale = stalePrimaryError(client, this.node, reason)
        client[SESSION].onCut?.(stale)
        destroyClient(client, stale)
      }
    }
    return cut
  }

  /** Cuts off every connection, in use or not. */
  cutOff(reason: string): void {
    this.destroyLeased(reason)
    for (const generation of this.#generations()) destroyIdle(generation)
  }

  /**
   * Resolves when every connection is closed, those in use after their release. Who is being connected is still served;
   * who waits for another's connection gets the error: an engine may leave them waiting for ever, as pg-pool does.
   */
  async end(error: Error): Promise<void> {
    const current = this.#current
    this.#current = null
    if (current !== null) {
      this.#leave(current, LOGIN_MILLIS)
      for (const waiter of queuedOf(current)) {
        if (current.waiting.leave(waiter) && !waiter.isAbandoned) waiter.callback(error, NO_CLIENT, NOTHING)
      }
    }
    await this.left()
  }

  /** Resolves when every connection of the generations that have ended is closed. */
  async left(): Promise<void> {
    await Promise.all([...this.#leaving].map((generation) => this.#ended.get(generation)))
  }

  #open(): Generation {
    const clients: Generation['clients'] = new Map()
    const { makeEngine, poolOptions, plainOptions } = this.#options
    const options = {
      ...(this.#isPlain && plainOptions !== undefined ? plainOptions : poolOptions),
      [ON_CREATE]: (client: TrackedClient) => {
        clients.set(client, { isLeased: false, isReady: false })
        client[SESSION].onRoleChange = () => this.#options.onRoleChange?.()
        client.once('end', () => clients.delete(client))
      },
    }
    const generation: Generation = {
      number: this.#generation,
      pool: makeEngine(options),
      waiting: new WaitingLine(),
      abandoned: 0,
      clients,
    }
    this.#listen(generation)
    this.#current = generation
    return generation
  }

  #listen({ pool, clients, number }: Generation): void {
    const { onEvent } = this.#options
    const setLeased = (client: unknown, isLeased: boolean): void => {
      const place = clients.get(client as TrackedClient)
      if (place !== undefined) place.isLeased = isLeased
    }
    pool.on('connect', (connected) => {
      const place = clients.get(connected as TrackedClient)
      if (place !== undefined) place.isReady = true
      onEvent({ name: 'connect', args: [connected], generation: number })
    })
    pool.on('acquire', (acquired) => {
      setLeased(acquired, true)
      onEvent({ name: 'acquire', args: [acquired], generation: number })
    })
    pool.on('release', (error, released) => {
      setLeased(released, false)
      onEvent({ name: 'release', args: [error, released], generation: number })
    })
    pool.on('remove', (removed) => onEvent({ name: 'remove', args: [removed], generation: number }))
    pool.on('error', (error, failed) => onEvent({ name: 'error', args: [error, failed], generation: number }))
  }

  /** Connections that are still being made have `loginMillis` to come about: somebody may be waiting for them. */
  #leave(generation: Generation, loginMillis = GOODBYE_MILLIS): void {
    this.#leaving.add(generation)
    let waitedMillis = 0
    const impatience = setInterval(() => {
      waitedMillis += GOODBYE_MILLIS
      destroyIdle(generation, ({ isReady }) => isReady || waitedMillis >= loginMillis)
    }, GOODBYE_MILLIS)
    impatience.unref()
    const ended = generation.pool.end().then(() => {
      clearInterval(impatience)
      this.#leaving.delete(generation)
    })
    this.#ended.set(generation, ended)
  }

  *#generations(): Iterable<Generation> {
    if (this.#current !== null) yield this.#current
    yield* this.#leaving
  }

  #sum(count: (generation: Generation) => number): number {
    let sum = this.#current === null ? 0 : count(this.#current)
    for (const generation of this.#leaving) sum += count(generation)
    return sum
  }
}

/** How long a server may take to close a connection after the goodbye: a silent one never would. */
const GOODBYE_MILLIS = 1000
/** How long a connection may take to come about for who still waits for it when the pool ends. */
const LOGIN_MILLIS = 10_000

/** An engine serves its queue in order: what it still holds are the last ones. */
function queuedOf({ waiting, pool }: Generation): readonly Waiter[] {
  const queued = waiting.all().filter(({ isQueued }) => isQueued)
  return queued.slice(Math.max(0, queued.length - pool.waitingCount))
}

type IsOver = (place: { readonly isReady: boolean }) => boolean

function destroyIdle({ clients }: Generation, isOver: IsOver = () => true): void {
  for (const [client, place] of clients) if (!place.isLeased && isOver(place)) destroyClient(client)
}

const NOTHING: Release = () => {}
/** pg-pool's callbacks pass no client with an error; the type says there is always one. */
const NO_CLIENT = undefined as unknown as TrackedClient
