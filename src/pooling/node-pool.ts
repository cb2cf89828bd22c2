// The connections of one node for one intent: a pg-pool per generation. A new generation is a new pg-pool; the old one
// ends as its clients come home. Knows nothing of roles, of other nodes, or of what errors mean.
import type { Pool, PoolConfig } from 'pg'
import PgPool from 'pg-pool'
import { ConnectionLostError } from '../errors.ts'
import { destroyClient, ON_CREATE, type TrackedClient } from './tracked-client.ts'

export type Release = (destroy?: Error | boolean) => void
export type AcquireCallback = (error: Error | undefined, client: TrackedClient, release: Release) => void

/** pg-pool's events, in its order and with its arguments. */
export type PoolEventName = 'connect' | 'acquire' | 'release' | 'remove' | 'error'
export type PoolEventListener = (event: PoolEventName, args: readonly unknown[], generation: number) => void

export interface NodePoolOptions {
  readonly node: string
  /** Options of a pg-pool for this node, the tracked client class among them. */
  readonly poolOptions: PoolConfig
  readonly onEvent: PoolEventListener
}

/** The connection asked for was of a generation that has ended since: nothing was sent, choose anew. */
export class GenerationEndedError extends Error {}

interface Generation {
  readonly number: number
  readonly pool: Pool
  readonly waiting: Set<(error: Error) => void>
  readonly clients: Set<TrackedClient>
  readonly leased: Set<TrackedClient>
}

export class NodePool {
  readonly node: string
  readonly #options: NodePoolOptions
  readonly #leaving = new Set<Generation>()
  readonly #ended = new WeakMap<Generation, Promise<void>>()
  #current: Generation | null = null
  #generation = 0

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

  get waitingCount(): number {
    return this.#current?.pool.waitingCount ?? 0
  }

  get expiredCount(): number {
    return this.#sum((generation) => generation.pool.expiredCount)
  }

  /** Connections in use, or being made. */
  get busyCount(): number {
    return this.totalCount - this.idleCount + this.waitingCount
  }

  acquire(callback: AcquireCallback): void {
    const generation = this.#current ?? this.#open()
    const { waiting } = generation
    const fail = (error: Error): void => callback(error, NO_CLIENT, NOTHING)
    waiting.add(fail)
    generation.pool.connect((error, client, release) => {
      const isWaitedFor = waiting.delete(fail)
      if (error !== undefined && error !== null) {
        if (isWaitedFor) fail(error)
        return
      }
      if (!isWaitedFor) release(true)
      else callback(undefined, client as TrackedClient, release)
    })
  }

  /** Ends this generation: idle connections now, leased ones when they come home, waiting callers choose anew. */
  invalidate(idle: 'close' | 'destroy'): void {
    this.#generation += 1
    const ending = this.#current
    if (ending === null) return
    this.#current = null
    this.#leave(ending)
    if (idle === 'destroy') destroyIdle(ending)
    this.#dismiss(ending, new GenerationEndedError(`The connections to ${this.node} were given up`))
  }

  /** Cuts off what is in use, in every generation. */
  destroyLeased(reason: string): void {
    for (const generation of this.#generations()) {
      for (const client of generation.leased) {
        const message = `${reason}: the outcome of a statement under way is unknown`
        destroyClient(client, new ConnectionLostError(message, { node: this.node }))
      }
    }
  }

  /** Resolves when every connection is closed, those in use after their release. */
  async end(error: Error): Promise<void> {
    const current = this.#current
    this.#current = null
    if (current !== null) {
      this.#leave(current)
      this.#dismiss(current, error)
    }
    await Promise.all([...this.#leaving].map((generation) => this.#ended.get(generation)))
  }

  #open(): Generation {
    const clients = new Set<TrackedClient>()
    const options = {
      ...this.#options.poolOptions,
      [ON_CREATE]: (client: TrackedClient) => {
        clients.add(client)
        client.once('end', () => clients.delete(client))
      },
    }
    // A spread loses what pg hides on purpose.
    if ('password' in this.#options.poolOptions) {
      Object.defineProperty(options, 'password', {
        value: this.#options.poolOptions.password,
        enumerable: false,
      })
    }
    const generation: Generation = {
      number: this.#generation,
      pool: new PgPool(options),
      waiting: new Set(),
      clients,
      leased: new Set(),
    }
    this.#listen(generation)
    this.#current = generation
    return generation
  }

  #listen({ pool, leased, number }: Generation): void {
    const { onEvent } = this.#options
    const client = (value: unknown): TrackedClient => value as TrackedClient
    pool.on('connect', (connected) => onEvent('connect', [connected], number))
    pool.on('acquire', (acquired) => {
      leased.add(client(acquired))
      onEvent('acquire', [acquired], number)
    })
    pool.on('release', (error, released) => {
      leased.delete(client(released))
      onEvent('release', [error, released], number)
    })
    pool.on('remove', (removed) => onEvent('remove', [removed], number))
    pool.on('error', (error, failed) => onEvent('error', [error, failed], number))
  }

  #leave(generation: Generation): void {
    this.#leaving.add(generation)
    const impatience = setInterval(() => destroyIdle(generation), GOODBYE_MILLIS)
    impatience.unref()
    const ended = generation.pool.end().then(() => {
      clearInterval(impatience)
      this.#leaving.delete(generation)
    })
    this.#ended.set(generation, ended)
  }

  /** pg-pool forgets those who wait when it ends; they are told here. */
  #dismiss(generation: Generation, error: Error): void {
    const waiting = [...generation.waiting]
    generation.waiting.clear()
    for (const fail of waiting) fail(error)
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

function destroyIdle({ clients, leased }: Generation): void {
  for (const client of clients) if (!leased.has(client)) destroyClient(client)
}

const NOTHING: Release = () => {}
/** pg-pool's callbacks pass no client with an error; the type says there is always one. */
const NO_CLIENT = undefined as unknown as TrackedClient
