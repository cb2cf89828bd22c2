// Whatever Drizzle does over a pool of pg's, it does over ours: the same behaviours on both, each beside what it has to give.
// Ours under Drizzle's own driver and under the adapter, with one host, with the hosts of a cluster, and with reads on
// standbys.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { DrizzleConfig } from 'drizzle-orm'
import { drizzle as drizzleOnPg } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { drizzle } from '../../../src/adapters/drizzle.ts'
import { Pool, type PoolOptions } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import type { Database, SetUp } from './drizzle-behaviours/behaviour.ts'
import { queries } from './drizzle-behaviours/queries.ts'
import * as schema from './drizzle-behaviours/schema.ts'
import { transactions } from './drizzle-behaviours/transactions.ts'

type Config = DrizzleConfig<typeof schema>

let cluster: Cluster
const opened: pg.Pool[] = []

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
})
afterAll(() => cluster?.stop())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.end()))
})

const onOriginal = (pool: pg.Pool, config: Config) => drizzleOnPg(pool, { schema, ...config }) as Database
const onAdapter = (pool: pg.Pool, config: Config) => drizzle(pool as Pool, { schema, ...config }) as Database
const oneHost = (options: pg.PoolConfig) => ({ connectionString: cluster.primary.url, ...options })
const allHosts = (options: pg.PoolConfig) =>
  ({ connectionString: cluster.url, startupGraceMillis: 5000, ...options }) as PoolOptions
const standbys = { readWriteSplitting: 'auto', readConsistency: 'session' } as const

const places = [
  {
    name: 'Drizzle over pg.Pool',
    make: (options: pg.PoolConfig) => new pg.Pool(oneHost(options)),
    on: onOriginal,
  },
  { name: 'Drizzle over Pool', make: (options: pg.PoolConfig) => new Pool(oneHost(options)), on: onOriginal },
  {
    name: 'the adapter over one host',
    make: (options: pg.PoolConfig) => new Pool(oneHost(options)),
    on: onAdapter,
  },
  {
    name: 'the adapter over a cluster',
    make: (options: pg.PoolConfig) => new Pool(allHosts(options)),
    on: onAdapter,
  },
  {
    name: 'the adapter over a cluster, reading on standbys',
    make: (options: pg.PoolConfig) => new Pool({ ...allHosts(options), ...standbys }),
    on: onAdapter,
  },
] as const

describe.each(places)('$name', ({ make, on }) => {
  test.each([...queries, ...transactions])('$title', async ({ run, gives }) => {
    const ask: SetUp['ask'] = async (text, values) => (await cluster.primary.query(text, values)).rows
    await ask('drop schema if exists beside cascade')
    await ask('drop schema if exists drizzle cascade')
    await ask('create schema beside')
    await ask(`set search_path to beside; ${schema.CREATE}`)
    await cluster.waitForReplication()
    const open: SetUp['open'] = (config = {}, options = {}) => {
      const pool = make({ options: '-c search_path=beside', ...options })
      opened.push(pool)
      return on(pool, config)
    }
    const folder = await mkdtemp(`${tmpdir()}/pg-ha-drizzle-`)
    try {
      expect(await run({ db: open(), open, ask, folder })).toEqual(gives)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
