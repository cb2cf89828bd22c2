// A client's connections in the simulation, in the place of PoolSet and NodePool: generations, leases and cuts as there, over
// messages that arrive late, or never. Knows nothing of verdicts.
import type { NodePool } from '../../src/pooling/node-pool.ts'
import type { PoolSet } from '../../src/pooling/pool-set.ts'
import { SESSION } from '../../src/pooling/tracked-client.ts'
import type { Network } from './network.ts'
import { isAlive, type Server, type Servers } from './servers.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Surroundings {
  readonly time: VirtualTime
  readonly network: Network
  readonly servers: Servers
  readonly client: number
}

const CONNECT_TIMEOUT_MILLIS = 1000

function failure(code: string): Error & { code: string } {
  return Object.assign(new Error(code), { code })
}

/** One connection, to a server as it was started then. */
export class Connection {
  readonly [SESSION]: { inHotStandby: boolean | null; readOnly: boolean | null }
  readonly node: string
  readonly generation: number
  isOpen = true
  isLeased = true
  /** While its role is asked for; only then is it seen whether whoever waits for it may still have it. */
  isAsked = false
  readonly #server: Server
  readonly #startMillis: number
  readonly #around: Surroundings
  #settle: ((error: Error | null) => void) | null = null

  constructor(place: { node: string; generation: number; server: Server }, around: Surroundings) {
    this.node = place.node
    this.generation = place.generation
    this.#server = place.server
    this.#startMillis = place.server.startMillis
    this.#around = around
    this[SESSION] = { inHotStandby: place.server.role === 'standby', readOnly: false }
  }

  get server(): Server {
    return this.#server
  }

  /** Writes one key; settles once, unless nobody ever answers. */
  write(key: string, settle: (error: Error | null) => void): void {
    if (!this.isOpen) {
      settle(failure('ERR_STREAM_DESTROYED'))
      return
    }
    this.#settle = settle
    const { network, client } = this.#around
    network.send(network.link(client, this.#server.index), 'there', () => this.#arrive(key))
  }

  /** The question for the role, the only one that is asked of a connection. */
  query(): Promise<{ rows: { standby: string }[] }> {
    const { network, client } = this.#around
    const server = this.#server
    const link = network.link(client, server.index)
    this.isAsked = true
    return new Promise((resolve, reject) => {
      this.#settle = (error) => {
        this.isAsked = false
        if (error !== null) reject(error)
        else resolve({ rows: [{ standby: server.role === 'standby' ? 't' : 'f' }] })
      }
      network.send(link, 'there', () => {
        if (server.isPaused) return
        const isOver = !server.isUp || server.startMillis !== this.#startMillis
        network.send(link, 'back', () => this.#finish(isOver ? failure('ECONNRESET') : null))
      })
    })
  }

  /** As the client gives up on it. */
  async end(): Promise<void> {
    this.destroy(failure('ECONNRESET'))
  }

  destroy(error: Error): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#finish(error)
  }

  #arrive(key: string): void {
    const server = this.#server
    const { network, client, time } = this.#around
    if (server.isPaused && server.startMillis === this.#startMillis) {
      time.after(50, () => this.#arrive(key))
      return
    }
    const back = (error: Error | null): void =>
      network.send(network.link(client, server.index), 'back', () => {
        if (error !== null && (error as { code?: string }).code === 'ECONNRESET') this.isOpen = false
        this.#finish(error)
      })
    if (!server.isUp || server.startMillis !== this.#startMillis) back(failure('ECONNRESET'))
    else if (server.role === 'standby') back(Object.assign(failure('25006'), { severity: 'ERROR' }))
    else {
      server.log.push(key)
      back(null)
    }
  }

  #finish(error: Error | null): void {
    const settle = this.#settle
    this.#settle = null
    settle?.(error)
  }
}

/** The pool of one node: the part of NodePool that the dispatcher uses. */
export class Pool {
  readonly node: string
  generation = 0
  readonly connections = new Set<Connection>()
  readonly #around: Surroundings
  readonly #serverOf: () => Server
  #idle: Connection[] = []

  constructor(node: string, serverOf: () => Server, around: Surroundings) {
    this.node = node
    this.#serverOf = serverOf
    this.#around = around
  }

  get readyCount(): number {
    return this.#idle.length
  }

  get inUseCount(): number {
    return this.connections.size - this.#idle.length
  }

  acquire(callback: (error: Error | undefined, client: unknown, release: unknown) => void): void {
    const idle = this.#idle.pop()
    if (idle !== undefined) {
      idle.isLeased = true
      callback(undefined, idle, this.#releaser(idle))
      return
    }
    const { network, client, time } = this.#around
    const { generation } = this
    const server = this.#serverOf()
    const link = network.link(client, server.index)
    let isSettled = false
    const settle = (error: Error | undefined, connection?: Connection): void => {
      if (isSettled) return
      isSettled = true
      if (connection === undefined) callback(error ?? failure('ETIMEDOUT'), undefined, () => {})
      else callback(undefined, connection, this.#releaser(connection))
    }
    time.after(CONNECT_TIMEOUT_MILLIS, () => settle(failure('ETIMEDOUT')))
    network.send(link, 'there', () => {
      if (server.isUp && server.isPaused) return
      const isUp = isAlive(server)
      const connection = isUp
        ? new Connection({ node: this.node, generation, server }, this.#around)
        : undefined
      network.send(link, 'back', () => {
        if (connection === undefined) settle(failure('ECONNREFUSED'))
        else if (!isSettled) {
          this.connections.add(connection)
          settle(undefined, connection)
        }
      })
    })
  }

  dropStartupOptions(): boolean {
    return false
  }

  invalidate(): void {
    this.generation += 1
    for (const connection of this.#idle) {
      connection.isOpen = false
      this.connections.delete(connection)
    }
    this.#idle = []
  }

  destroyLeased(reason: string, why: 'stale' | 'silent'): void {
    const code = why === 'stale' ? 'PGHA_STALE_PRIMARY' : 'PGHA_CONNECTION_LOST'
    for (const connection of this.connections) {
      if (!connection.isLeased) continue
      this.connections.delete(connection)
      connection.destroy(Object.assign(failure(code), { message: reason }))
    }
  }

  #releaser(connection: Connection): (error?: unknown) => void {
    return (error) => {
      connection.isLeased = false
      if (error || !connection.isOpen || connection.generation !== this.generation) {
        connection.isOpen = false
        this.connections.delete(connection)
      } else this.#idle.push(connection)
    }
  }
}

export class Pools {
  readonly #pools = new Map<string, Pool>()
  readonly #make: (node: string) => Pool

  constructor(make: (node: string) => Pool) {
    this.#make = make
  }

  of(node: string): Pool {
    let pool = this.#pools.get(node)
    if (pool === undefined) {
      pool = this.#make(node)
      this.#pools.set(node, pool)
    }
    return pool
  }

  get all(): Iterable<Pool> {
    return this.#pools.values()
  }

  /** As the dispatcher takes it. */
  get asPoolSet(): PoolSet {
    const set = {
      get: (node: string) => this.of(node) as unknown as NodePool,
      end: async () => {
        for (const pool of this.#pools.values()) pool.invalidate()
      },
    }
    return set as unknown as PoolSet
  }
}
