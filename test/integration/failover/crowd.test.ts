// A crowd that waits for a successor: it is served in order, over no more connections than there may be.
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PoolOptions } from '../../../src/index.ts'
import { genericPool } from '../../../src/pooling/engines/generic-pool.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

let cluster: Cluster

beforeEach(async () => {
  cluster = await startCluster({ nodes: 2 })
  await cluster.primary.query('create table t (n int, at serial)')
  await cluster.waitForReplication()
})
afterEach(() => cluster.stop())

interface Counts {
  underWay: number
  most: number
  made: number
  refused: number
}

/** A client class that counts what its server sees of it; what is dialled at the dead one, beside the look, is not. */
function counting(dead?: { readonly port: number }): {
  readonly Client: typeof pg.Client
  readonly counts: Counts
} {
  const counts: Counts = { underWay: 0, most: 0, made: 0, refused: 0 }
  class Client extends pg.Client {
    override connect(callback?: unknown): never {
      if (this.port === dead?.port) return super.connect(callback as () => void) as never
      counts.underWay += 1
      counts.most = Math.max(counts.most, counts.underWay)
      const done = callback as (error: Error | null) => void
      return super.connect((error: Error | null) => {
        counts.underWay -= 1
        if (error) counts.refused += 1
        else counts.made += 1
        done(error)
      }) as never
    }
  }
  return { Client, counts }
}

const CROWD = 1000
const engines: readonly (readonly [string, PoolOptions['poolEngine']])[] = [
  ['pg-pool', 'pg-pool'],
  ['generic-pool', genericPool()],
]

test.each(engines)(
  'on %s a thousand who wait see one new primary, and it sees ten of them at most',
  async (_, poolEngine) => {
    const { Client, counts } = counting(cluster.primary)
    await using pool = disposablePool({ connectionString: cluster.url, poolEngine, Client: Client as never })
    await pool.query('select 1')
    await cluster.primary.kill()
    await until(() => (pool.cluster.primary === null ? true : null), 'the death to be noticed')
    Object.assign(counts, { most: 0, made: 0, refused: 0 })
    const crowd = Array.from({ length: CROWD }, (_, n) => pool.query('insert into t values ($1)', [n]))
    await until(() => (pool.waitingCount === CROWD ? true : null), 'all to wait')
    await (await cluster.mostAdvancedStandby()).promote()
    await Promise.all(crowd)
    expect(counts.refused).toBe(0)
    expect(Math.max(counts.made, counts.most)).toBeLessThanOrEqual(10)
    const { rows } = await cluster.primary.query<{ n: number }>('select count(distinct n)::int as n from t')
    expect(rows).toEqual([{ n: CROWD }])
  },
)

test('who waits for a successor is served in the order of arrival', async () => {
  await using pool = disposablePool({ connectionString: cluster.url, max: 1 })
  await pool.query('select 1')
  await cluster.primary.kill()
  await until(() => (pool.cluster.primary === null ? true : null), 'the death to be noticed')
  const places = Array.from({ length: 100 }, (_, n) => n)
  const crowd = places.map((n) => pool.query('insert into t values ($1)', [n]))
  await until(() => (pool.waitingCount === places.length ? true : null), 'all to wait')
  await (await cluster.mostAdvancedStandby()).promote()
  await Promise.all(crowd)
  const { rows } = await pool.query<{ n: number }>('select n from t order by at')
  expect(rows.map(({ n }) => n)).toEqual(places)
})

test('a primary that lets nobody in is asked by one at a time, and serves the crowd when it does', async () => {
  const { user, password } = cluster
  await cluster.primary.query(`create role few login password '${password}' connection limit 0`)
  await cluster.primary.query('grant all on t to few')
  await cluster.primary.query('grant usage on sequence t_at_seq to few')
  const { Client, counts } = counting()
  await using pool = disposablePool({
    connectionString: cluster.url.replace(`//${user}:`, '//few:'),
    monitorUser: user,
    monitorPassword: password,
    Client: Client as never,
    failoverTimeoutMillis: 120_000,
  })
  const crowd = Promise.all(
    Array.from({ length: CROWD }, (_, n) => pool.query('insert into t values ($1)', [n])),
  )
  await until(() => (counts.refused >= 2 ? true : null), 'the first refusals')
  counts.most = 0
  await until(() => (counts.refused >= 8 ? true : null), 'more refusals')
  expect({ most: counts.most, made: counts.made }).toEqual({ most: 1, made: 0 })
  await cluster.primary.query('alter role few connection limit 3')
  await crowd
  const { rows } = await cluster.primary.query<{ n: number }>('select count(distinct n)::int as n from t')
  expect(rows).toEqual([{ n: CROWD }])
  expect(counts.made).toBeLessThanOrEqual(3)
})
