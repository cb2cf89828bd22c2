// Connections lent by generic-pool, for what pg-pool lacks: tests before lending, a bounded queue, priorities, first in
// first out, sweeps. To its user it behaves as pg-pool does. The package's entry `pg-ha/generic-pool`.
import { EventEmitter } from 'node:events'
import type { Pool as GenericPool } from 'generic-pool'
import type { PoolConfig } from 'pg'
import type { EngineCallback, PoolEngine, PoolEngineFactory, Release } from '../../config/pool-engine.ts'
import { PoolFullError } from '../../errors.ts'
import type { TrackedClient } from '../tracked-client.ts'
import { type GenericPoolOptions, readGenericPoolOptions, type Tuning } from './generic-pool-options.ts'
import { KeptConnections, type Slot, slotWithoutClient } from './kept-connections.ts'
import { ping } from './pre-ping.ts'
import { sweptPool } from './swept-pool.ts'

export type { GenericPoolOptions } from './generic-pool-options.ts'

/**
 * For the option `poolEngine`: `new Pool({ poolEngine: genericPool({ testOnBorrow: true }) })`. Needs the package
 * `generic-pool`. Throws `ConfigError` with every fault of the options at once.
 */
export function genericPool(options: GenericPoolOptions = {}): PoolEngineFactory {
  const tuning = readGenericPoolOptions(options)
  return (poolOptions) => new GenericPoolEngine(poolOptions, tuning)
}

interface Request {
  readonly callback: EngineCallback
  readonly priority: number
  isSettled: boolean
  timer: NodeJS.Timeout | undefined
}

const NOTHING: Release = () => {}
const TIMED_OUT = 'timeout exceeded when trying to connect'
const ENDED = 'Cannot use a pool after calling end on the pool'
const RELEASED_TWICE = 'Release called on client which has already been released to the pool.'
const DEFAULT_MAX = 10
const DEFAULT_IDLE_MILLIS = 10_000
/** How much longer than for a connection generic-pool may hold a request that is settled already. */
const GRACE_MILLIS = 1000

class GenericPoolEngine extends EventEmitter implements PoolEngine {
  readonly #options: PoolConfig
  readonly #tuning: Tuning
  readonly #pool: GenericPool<Slot>
  readonly #kept: KeptConnections
  readonly #log: (...messages: unknown[]) => void
  readonly #requests = new Set<Request>()
  #testing = 0
  /** Settled while generic-pool still holds them. */
  #abandoned = 0
  #isEnding = false
  #onEnded: () => void = NOTHING

  constructor(options: PoolConfig, tuning: Tuning) {
    super()
    this.#options = options
    this.#tuning = tuning
    this.#log = options.log ?? (() => {})
    this.#kept = new KeptConnections({
      options,
      emit: (event, ...args) => this.emit(event, ...args),
      log: this.#log,
      onEmpty: () => this.#onEnded(),
    })
    this.#pool = this.#makePool()
  }

  get totalCount(): number {
    return this.#kept.count
  }

  get idleCount(): number {
    return this.#kept.idleCount
  }

  get waitingCount(): number {
    return Math.max(0, this.#pool.pending - this.#abandoned - this.#kept.connectingCount - this.#testing)
  }

  get expiredCount(): number {
    return this.#kept.expiredCount
  }

  connect(callback: EngineCallback): void {
    const { maxWaitingClients, priority } = this.#tuning
    const waitingBefore = this.waitingCount
    const hasRoom = this.#pool.spareResourceCapacity > 0 || this.#pool.available > 0
    if (!hasRoom && waitingBefore >= maxWaitingClients) {
      const error = new PoolFullError(waitingBefore)
      process.nextTick(() => callback(error, undefined, NOTHING))
      return
    }
    const request: Request = { callback, priority: priority(), isSettled: false, timer: undefined }
    this.#requests.add(request)
    const borrowed = this.#pool.acquire(request.priority)
    if (this.waitingCount > waitingBefore) this.#limitWait(request)
    borrowed.then(
      (slot) => this.#serve(request, slot),
      () => {
        if (request.isSettled) this.#abandoned -= 1
        else this.#settle(request, new Error(TIMED_OUT))
      },
    )
  }

  end(): Promise<void> {
    this.#isEnding = true
    this.#log('ending')
    // generic-pool serves by priority, and in order of arrival within one.
    const inOrder = [...this.#requests].sort((one, other) => one.priority - other.priority)
    for (const request of inOrder.slice(inOrder.length - this.waitingCount)) {
      this.#abandon(request, new Error(ENDED))
    }
    // For its sweeps to stop: whom it waits for is settled above, or comes back.
    this.#pool.drain().catch(NOTHING)
    return new Promise((resolve) => {
      this.#onEnded = resolve
      this.#kept.end()
    })
  }

  #makePool(): GenericPool<Slot> {
    const { connectionTimeoutMillis, max, min = 0 } = this.#options
    const idleTimeoutMillis = this.#options.idleTimeoutMillis ?? DEFAULT_IDLE_MILLIS
    const isOld = (slot: Slot): boolean => this.#kept.isOld(slot, { idleTimeoutMillis, min })
    const factory = {
      // Of a pool that ends nobody waits but requests that are settled: they get nothing, at once.
      create: async () => (this.#isEnding ? slotWithoutClient(new Error(ENDED)) : this.#kept.make()),
      validate: (slot: Slot) => this.#validate(slot),
      destroy: async ({ client }: Slot) => {
        if (client !== null) this.#kept.close(client)
      },
    }
    const { fifo, priorityRange, numTestsPerEvictionRun, evictionRunIntervalMillis } = this.#tuning
    const config = {
      max: max || DEFAULT_MAX,
      fifo,
      priorityRange,
      numTestsPerEvictionRun,
      evictionRunIntervalMillis: evictionRunIntervalMillis ?? Math.min(1000, idleTimeoutMillis || 1000),
      // Not for the question alone: what died at rest is found out before it is lent.
      testOnBorrow: true,
      autostart: false,
      ...(connectionTimeoutMillis ? { acquireTimeoutMillis: connectionTimeoutMillis + GRACE_MILLIS } : {}),
    }
    return sweptPool(factory, config, isOld)
  }

  async #validate(slot: Slot): Promise<boolean> {
    const { client } = slot
    if (!this.#kept.isFit(slot)) return false
    if (client === null || slot.isNew || this.#isEnding) return true
    const { testOnBorrow, testAfterIdleMillis, testTimeoutMillis } = this.#tuning
    if (!testOnBorrow || performance.now() - slot.idleSinceMillis < testAfterIdleMillis) return true
    this.#testing += 1
    const error = await ping(client, testTimeoutMillis)
    this.#testing -= 1
    if (error !== null) this.#kept.lost(client, error)
    return this.#kept.isFit(slot)
  }

  #serve(request: Request, slot: Slot): void {
    const { client, error } = slot
    if (request.isSettled) this.#abandoned -= 1
    if (client === null) {
      this.#giveBack(slot, false)
      this.#settle(request, error ?? new Error(ENDED))
    } else if (request.isSettled) this.#giveBack(slot, !this.#isEnding)
    else this.#lend(request, slot, client)
  }

  #lend(request: Request, slot: Slot, client: TrackedClient): void {
    const { verify, allowExitOnIdle } = this.#options
    const { isNew } = slot
    this.#kept.setLent(slot)
    if (allowExitOnIdle) setReferenced(client, true)
    this.emit('acquire', client)
    let isReleased = false
    client.release = (destroy) => {
      if (isReleased) throw new Error(RELEASED_TWICE)
      isReleased = true
      this.#release(slot, client, destroy)
    }
    client.removeListener('error', slot.onIdleError)
    if (!isNew || verify === undefined) {
      this.#settle(request, undefined, client)
      return
    }
    verify(client, (error) => {
      if (error) client.release(error)
      this.#settle(request, error, error ? undefined : client)
    })
  }

  #release(slot: Slot, client: TrackedClient, destroy?: Error | boolean): void {
    client.on('error', slot.onIdleError)
    slot.uses += 1
    this.emit('release', destroy, client)
    const isSpent = slot.uses >= (this.#options.maxUses || Number.POSITIVE_INFINITY)
    if (isSpent) this.#log('remove expended client')
    if (slot.isExpired) this.#log('remove expired client')
    this.#giveBack(slot, !destroy && !isSpent && !this.#isEnding)
  }

  #giveBack(slot: Slot, isWanted: boolean): void {
    if (!isWanted || !this.#kept.isFit(slot)) {
      this.#pool.destroy(slot).catch(NOTHING)
      return
    }
    if (this.#options.allowExitOnIdle && slot.client !== null) setReferenced(slot.client, false)
    this.#kept.setIdle(slot)
    this.#pool.release(slot).catch(NOTHING)
  }

  #limitWait(request: Request): void {
    const { connectionTimeoutMillis } = this.#options
    if (!connectionTimeoutMillis) return
    const giveUp = (): void => this.#abandon(request, new Error(TIMED_OUT))
    request.timer = setTimeout(giveUp, connectionTimeoutMillis).unref()
  }

  #abandon(request: Request, error: Error): void {
    this.#abandoned += 1
    this.#settle(request, error)
  }

  #settle(request: Request, error: Error | undefined, client?: TrackedClient): void {
    if (request.isSettled) return
    request.isSettled = true
    clearTimeout(request.timer)
    this.#requests.delete(request)
    request.callback(error, client, client === undefined ? NOTHING : client.release)
  }
}

/** Whether the connection keeps the process alive. pg's types leave these methods out; a client class may, too. */
function setReferenced(client: TrackedClient, isReferenced: boolean): void {
  const referable = client as { ref?(): void; unref?(): void }
  if (isReferenced) referable.ref?.()
  else referable.unref?.()
}
