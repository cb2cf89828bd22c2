// The set-ups that every behaviour of the contract is tried on: pg's own pool, ours with one host, ours with the host list
// of a cluster, and ours on each other engine. Owns their servers and ends their pools; knows nothing of the behaviours.
import type { EventEmitter } from 'node:events'
import pg, { type PoolConfig } from 'pg'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { Pool, type PoolOptions } from '../../src/index.ts'
import { genericPool } from '../../src/pooling/engines/generic-pool.ts'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { withDeadline } from '../../src/testing/wait-until.ts'
import type { Order } from './programs/one-pool.ts'

export interface SetUp {
  readonly name: string
  readonly engine: Order['engine']
  readonly isOurs: boolean
  /** Ours with several hosts: what the nodes are is found out before the first connection is made. */
  readonly isMonitored: boolean
  /** False on the engine that ends each connection when it comes back. */
  readonly keepsConnections: boolean
  /** A pool that leads to the cluster's primary; it is ended after the test, if the test does not do so. */
  open(options?: PoolConfig): pg.Pool
  /** The same class with nothing but these options. */
  create(options?: PoolConfig): pg.Pool
  /** Where `open` leads to, as options, as a connection string and as environment. */
  login(): PoolConfig
  url(): string
  environment(): Readonly<Record<string, string>>
}

export interface Contract {
  readonly setUp: SetUp
  /** Declares a behaviour of connections that are kept after use; where none is kept there is nothing to declare. */
  readonly whereKept: (title: string, behaviour: () => void | Promise<void>) => void
  /** One statement on the primary, over a connection of its own. */
  ask<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** Ends a session from outside. */
  terminate(pid: number): Promise<void>
}

const WAIT_MILLIS = 5000

/** Declares behaviours once for each set-up. To be called once in a file: its set-ups share one cluster. */
export function contract(title: string, behaviours: (contract: Contract) => void): void {
  let running: Cluster | undefined
  const opened: pg.Pool[] = []
  const cluster = (): Cluster => {
    if (running === undefined) throw new Error('The cluster is started in beforeAll')
    return running
  }
  beforeAll(async () => {
    running = await startCluster({ nodes: 3 })
  }, 60_000)
  afterAll(() => running?.stop())
  afterEach(async () => {
    const left = opened.splice(0).filter((pool) => !pool.ending)
    const ends = Promise.all(left.map((pool) => pool.end()))
    await withDeadline(ends, { what: 'Ending the pools of a test', millis: WAIT_MILLIS })
  })
  describe.each(setUps(cluster, opened))(`${title}: $name`, { timeout: 60_000 }, (setUp) => {
    const ask = async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      (await cluster().primary.query<Row>(text, values)).rows
    const terminate = async (pid: number) => {
      await ask('select pg_terminate_backend($1)', [pid])
    }
    const whereKept = setUp.keepsConnections ? test : () => {}
    behaviours({ setUp, whereKept, ask, terminate })
  })
}

/** The arguments of the next event of that name; rejects when it takes too long. Listens to nothing else. */
export function next(emitter: EventEmitter, event: string): Promise<unknown[]> {
  const told = new Promise<unknown[]>((resolve) => {
    emitter.once(event, (...given) => resolve(given))
  })
  return withDeadline(told, { what: `The event ${event}`, millis: WAIT_MILLIS })
}

/** What a callback was called with, and what the call that took it returned. */
export async function called(
  call: (callback: (...given: unknown[]) => void) => unknown,
): Promise<{ given: unknown[]; returned: unknown }> {
  let returned: unknown
  const given = await new Promise<unknown[]>((resolve) => {
    returned = call((...args) => resolve(args))
  })
  return { given, returned }
}

/** The error of a promise that has to fail. */
export async function failure(work: PromiseLike<unknown>): Promise<pg.DatabaseError> {
  return work.then(
    (value) => {
      throw new Error(`Expected a failure, got ${String(value)}`)
    },
    (error: pg.DatabaseError) => error,
  )
}

export async function pidOf(queryable: Pick<pg.ClientBase, 'query'>): Promise<number> {
  const { rows } = await queryable.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

function setUps(cluster: () => Cluster, opened: pg.Pool[]): readonly SetUp[] {
  const oneHost = places(cluster, () => [cluster().primary.port])
  const allHosts = places(cluster, () => cluster().nodes.map((node) => node.port))
  const pgPool = (options?: PoolConfig) => new pg.Pool(options)
  const ours =
    (engine: PoolOptions = {}) =>
    (options?: PoolConfig) =>
      new Pool({ ...options, ...engine } as PoolOptions)
  const make = (
    construct: (options?: PoolConfig) => pg.Pool,
    place: typeof oneHost,
  ): Pick<SetUp, 'open' | 'create' | 'login' | 'url' | 'environment'> => {
    const create = (options?: PoolConfig): pg.Pool => {
      const pool = construct(options)
      opened.push(pool)
      return pool
    }
    return { ...place, create, open: (options) => create({ ...place.login(), ...options }) }
  }
  const kept = { isMonitored: false, keepsConnections: true }
  const onPgPool = { ...kept, engine: 'pg-pool', isOurs: true } as const
  const generic = ours({ poolEngine: genericPool() })
  const none = ours({ poolEngine: 'none' })
  return [
    { ...kept, name: 'pg.Pool', engine: 'pg.Pool', isOurs: false, ...make(pgPool, oneHost) },
    { ...onPgPool, name: 'Pool of one host', ...make(ours(), oneHost) },
    { ...onPgPool, name: 'Pool of a cluster', isMonitored: true, ...make(ours(), allHosts) },
    { ...onPgPool, name: 'Pool on generic-pool', engine: 'genericPool', ...make(generic, oneHost) },
    {
      ...onPgPool,
      name: 'Pool that keeps none',
      engine: 'none',
      keepsConnections: false,
      ...make(none, oneHost),
    },
  ]
}

function places(
  cluster: () => Cluster,
  ports: () => readonly number[],
): Pick<SetUp, 'login' | 'url' | 'environment'> {
  const host = '127.0.0.1'
  const hosts = () => ports().map(() => host)
  return {
    login: () => {
      const { user, password, database } = cluster()
      const isOne = ports().length === 1
      const where = isOne ? { host, port: ports()[0] } : { host: hosts(), port: ports() }
      return { ...where, user, password, database } as PoolConfig
    },
    url: () => {
      const { user, password, database } = cluster()
      const list = ports().map((port) => `${host}:${port}`)
      return `postgres://${user}:${password}@${list.join(',')}/${database}`
    },
    environment: () => {
      const { user, password, database } = cluster()
      return {
        PGHOST: hosts().join(','),
        PGPORT: ports().join(','),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
      }
    },
  }
}
