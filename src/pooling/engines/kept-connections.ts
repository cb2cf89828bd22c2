// The connections an engine keeps: made, at rest, past their lifetime, lost, closed; with pg-pool's events and words. For
// engines that leave lending and queueing to another library. Knows nothing of who waits.
import pg, { type PoolConfig } from 'pg'
import type { PoolEventName } from '../../config/pool-engine.ts'
import { type ClientClass, SESSION, type TrackedClient } from '../tracked-client.ts'
import { newConnection } from './new-connection.ts'

/** One connection, or in place of one what kept it from being made, so that whoever waits for it hears. */
export interface Slot {
  readonly client: TrackedClient | null
  readonly error: Error | null
  readonly onIdleError: (error: Error) => void
  isNew: boolean
  isExpired: boolean
  uses: number
  idleSinceMillis: number
}

export interface KeptConnectionsOptions {
  readonly options: PoolConfig
  readonly emit: (event: PoolEventName, ...args: unknown[]) => void
  readonly log: (...messages: unknown[]) => void
  /** Called when the last connection of an ending engine is gone. */
  readonly onEmpty: () => void
}

export class KeptConnections {
  readonly #given: KeptConnectionsOptions
  readonly #slots = new Map<TrackedClient, Slot>()
  readonly #idle = new Set<Slot>()
  #connecting = 0
  #closing = 0
  #isEnding = false

  constructor(given: KeptConnectionsOptions) {
    this.#given = given
  }

  get count(): number {
    return this.#slots.size
  }

  get idleCount(): number {
    return this.#idle.size
  }

  get connectingCount(): number {
    return this.#connecting
  }

  get expiredCount(): number {
    return [...this.#slots.values()].filter(({ isExpired }) => isExpired).length
  }

  /** Begins in the same turn. Never rejects: the slot says what went wrong. */
  async make(): Promise<Slot> {
    const { options, emit, log } = this.#given
    this.#connecting += 1
    const Client = (options.Client ?? pg.Client) as ClientClass
    const client = new Client(options) as TrackedClient
    const slot: Slot = { ...BLANK, client, onIdleError: (error) => this.lost(client, error) }
    this.#slots.set(client, slot)
    try {
      await newConnection(client, options, log)
      client.on('error', slot.onIdleError)
      this.#limitLife(slot, client)
      emit('connect', client)
      return slot
    } catch (error) {
      this.#slots.delete(client)
      this.#tellEmpty()
      return slotWithoutClient(error as Error)
    } finally {
      this.#connecting -= 1
    }
  }

  /** Whether whoever borrows it now gets something out of it. */
  isFit({ client, isExpired }: Slot): boolean {
    return !isExpired && (client === null || (this.#slots.has(client) && !client[SESSION].isOver))
  }

  /** Whether it has rested for so long that it should go, as long as `min` are left. */
  isOld(slot: Slot, { idleTimeoutMillis, min }: { idleTimeoutMillis: number; min: number }): boolean {
    if (!this.isFit(slot)) return true
    const rested = performance.now() - slot.idleSinceMillis
    if (idleTimeoutMillis === 0 || rested < idleTimeoutMillis || this.#slots.size <= min) return false
    this.#given.log('remove idle client')
    return true
  }

  setIdle(slot: Slot): void {
    slot.idleSinceMillis = performance.now()
    this.#idle.add(slot)
  }

  setLent(slot: Slot): void {
    slot.isNew = false
    this.#idle.delete(slot)
  }

  /** The end of a connection at rest. */
  lost(client: TrackedClient, error: Error): void {
    // Told already: the end of a socket follows the error that ended it.
    if (!this.#slots.has(client)) return
    Object.assign(error, { client })
    this.close(client)
    this.#given.emit('error', error, client)
  }

  close(client: TrackedClient): void {
    const slot = this.#slots.get(client)
    if (slot === undefined) return
    this.#slots.delete(client)
    this.#idle.delete(slot)
    this.#closing += 1
    client.end(() => {
      this.#closing -= 1
      this.#given.emit('remove', client)
      this.#tellEmpty()
    })
  }

  /** Closes what is at rest; the others are for their holders to give back. */
  end(): void {
    this.#isEnding = true
    for (const { client } of [...this.#idle]) if (client !== null) this.close(client)
    this.#tellEmpty()
  }

  #limitLife(slot: Slot, client: TrackedClient): void {
    const { maxLifetimeSeconds = 0 } = this.#given.options
    if (maxLifetimeSeconds === 0) return
    const timer = setTimeout(() => {
      this.#given.log('ending client due to expired lifetime')
      slot.isExpired = true
      if (this.#idle.has(slot)) this.close(client)
    }, maxLifetimeSeconds * 1000)
    timer.unref()
    client.once('end', () => clearTimeout(timer))
  }

  #tellEmpty(): void {
    if (this.#isEnding && this.#slots.size === 0 && this.#closing === 0) this.#given.onEmpty()
  }
}

const BLANK: Slot = {
  client: null,
  error: null,
  onIdleError: () => {},
  isNew: true,
  isExpired: false,
  uses: 0,
  idleSinceMillis: 0,
}

/** Meant for the one who waits for it now: nobody who comes later hears of an old failure. */
export function slotWithoutClient(error: Error): Slot {
  const slot = { ...BLANK, error }
  setImmediate(() => {
    slot.isExpired = true
  })
  return slot
}
