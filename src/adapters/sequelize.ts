// Sequelize on a cluster: pg's module with a Client that is lent by a Pool of ours, for Sequelize makes its clients itself
// and keeps them in a pool of its own. The package's entry `pg-ha/sequelize`. Knows nothing of routing.
import { EventEmitter } from 'node:events'
import pg, { type CustomTypesConfig, type PoolClient } from 'pg'
import type { Pool } from '../pool.ts'

/** Passed on from the connection to whoever listens here. */
const EVENTS = ['error', 'end', 'notice', 'notification'] as const

type Done = (error?: Error | null) => void
type Lender = Pool['write']
/** What counts of it. */
interface ClientConfig {
  readonly host?: string
  /** How Sequelize reads values. */
  readonly types?: CustomTypesConfig
}

/**
 * For Sequelize's option `dialectModule`: its clients are those of `pool`, of the primary. With Sequelize's `replication`, a
 * `host` of 'standby' takes them of `pool.read`. Sequelize's host, port, user, password, database and `dialectOptions` count
 * for nothing. It sets up each session as it likes, so a connection that it lets go of is closed, as with pg's own client. The
 * limit of its pool must not exceed the `max` of this one. To end `pool`, after Sequelize, is its owner's.
 */
export function dialectModule(pool: Pool): typeof pg {
  class Client extends LentClient {
    constructor(config: ClientConfig = {}) {
      super(pool, config)
    }
  }
  return { ...pg, Client: Client as unknown as typeof pg.Client }
}

class LentClient extends EventEmitter {
  /** Sequelize listens here for what a server says at login; a lent connection has heard that long ago. */
  readonly connection = new EventEmitter()
  readonly #pool: Pool
  readonly #reads: boolean
  readonly #types: CustomTypesConfig | undefined
  #lent: PoolClient | null = null
  #isMarked = false
  #isOver = false

  constructor(pool: Pool, { host, types }: ClientConfig) {
    super()
    this.#pool = pool
    this.#reads = host === 'standby'
    this.#types = types
  }

  /** What Sequelize asks of a connection before it uses it again, and says of one that failed. */
  get ['_invalid'](): boolean {
    return (
      this.#isMarked || this.#isOver || (this.#lent !== null && !isFresh(this.#pool, this.#lent, this.#reads))
    )
  }

  set ['_invalid'](isInvalid: boolean) {
    this.#isMarked = isInvalid
  }

  get ['_ending'](): boolean {
    return this.#isOver
  }

  get processID(): number | undefined {
    return (this.#lent as unknown as { processID: number } | null)?.processID
  }

  connect(callback: Done): void {
    const lender: Lender = this.#reads ? this.#pool.read : this.#pool.write
    lender.connect((error, client) => {
      if (client === undefined) {
        callback(error)
        return
      }
      this.#adopt(client)
      callback(null)
    })
  }

  query(query: unknown, ...rest: unknown[]): unknown {
    if (this.#lent !== null) {
      return (this.#lent.query as (...all: unknown[]) => unknown)(this.#typed(query), ...rest)
    }
    const error = new Error('Client was closed and is not queryable')
    const callback = rest.at(-1)
    if (typeof callback !== 'function') return Promise.reject(error)
    process.nextTick(callback, error)
    return undefined
  }

  end(callback?: Done): Promise<void> {
    const lent = this.#lent
    this.#lent = null
    this.#isOver = true
    // With its time zone and the like it is for nobody else.
    lent?.release(true)
    if (callback !== undefined) process.nextTick(callback, null)
    return Promise.resolve()
  }

  /** The connection was made without Sequelize's way to read values: each statement brings it. */
  #typed(query: unknown): unknown {
    const types = this.#types
    if (types === undefined) return query
    if (typeof query === 'string') return { text: query, types }
    const isPlain = typeof query === 'object' && query !== null && !('submit' in query)
    return isPlain ? { types, ...query } : query
  }

  #adopt(client: PoolClient): void {
    this.#lent = client
    const stops = EVENTS.map((event) => {
      const listener = (...args: unknown[]): void => {
        if (event === 'end') this.#isMarked = true
        // An error that nobody listens to has been told to the statement under way.
        if (this.listenerCount(event) > 0) this.emit(event, ...args)
      }
      client.on(event as 'end', listener)
      return () => client.removeListener(event, listener)
    })
    const { release } = client
    client.release = (destroy) => {
      for (const stop of stops) stop()
      release(destroy)
    }
  }
}

/** Whether new work should still go there: Sequelize keeps its connections for as long as they work. */
function isFresh(pool: Pool, { host, port }: PoolClient, reads: boolean): boolean {
  const { nodes, primary } = pool.cluster
  const node = nodes.find((each) => each.port === port && (each.host === host || each.address === host))
  if (node === undefined) return true
  if (node.drained) return false
  if (reads) return node.state === 'standby' || node.state === 'primary'
  return primary === null || primary === node.name
}
