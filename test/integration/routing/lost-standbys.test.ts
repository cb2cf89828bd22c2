// Standbys that die under a load of reads: nobody who reads is to notice.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection, Workload } from '../../support/workload.ts'

const READERS = 12

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  await cluster.primary.query('create table visits (key text not null)')
  await cluster.waitForReplication()
})
afterAll(async () => {
  await cluster.stop()
})

async function poolOf(options: object): Promise<Pool & AsyncDisposable> {
  const pool = disposablePool({ connectionString: cluster.url, startupGraceMillis: 5000, ...options })
  await pool.write.query('select 1')
  await untilStandbys(pool, 2)
  return pool
}

async function untilStandbys(pool: Pool, count: number): Promise<void> {
  await untilCluster(pool, ({ nodes }) => nodes.filter(({ state }) => state === 'standby').length === count)
}

/** So much more has been read by then. */
async function furtherReads(load: Workload, count: number): Promise<void> {
  const wanted = load.books.reads + count
  await until(() => (load.books.reads >= wanted ? true : null), `${count} further reads`)
}

async function kill(pool: Pool, node: ClusterNode, left: number): Promise<void> {
  await node.kill()
  await untilStandbys(pool, left)
}

test.each([{ balancer: 'leastBusy' }, { balancer: 'roundRobin' }])(
  'one after the other, then back: no read fails, by $balancer',
  { timeout: 120_000 },
  async ({ balancer }) => {
    await using pool = await poolOf({ loadBalanceHosts: true, balancer })
    const [first, second] = cluster.standbys as [ClusterNode, ClusterNode]
    const faults = [
      () => kill(pool, first, 1),
      () => kill(pool, second, 0),
      async () => {
        await Promise.all([first.start(), second.start()])
        await untilStandbys(pool, 2)
      },
    ]
    for (const [index, fault] of faults.entries()) {
      // A load of its own: a read is repeated once, and may lose no second connection.
      const load = new Workload(pool, 'visits', { writers: 0, readers: READERS })
      await furtherReads(load, 100)
      await fault()
      await furtherReads(load, 100)
      const { rows } = await pool.read.query('select pg_is_in_recovery() as standby')
      expect(rows).toEqual([{ standby: index !== 1 }])
      expect(Object.fromEntries((await load.stop()).errors)).toEqual({})
    }
  },
)

async function killAll(pool: Pool): Promise<void> {
  await Promise.all(cluster.standbys.map((node) => node.kill()))
  await untilStandbys(pool, 0)
}

async function startAll(pool: Pool): Promise<void> {
  await Promise.all(cluster.standbys.map((node) => node.start()))
  await untilStandbys(pool, 2)
}

test.each([{ balancer: 'leastBusy' }, { balancer: 'nearest' }])(
  'all of them at once: no read fails, the primary serves, by $balancer',
  { timeout: 120_000 },
  async ({ balancer }) => {
    await using pool = await poolOf({ loadBalanceHosts: true, balancer })
    const load = new Workload(pool, 'visits', { writers: 0, readers: READERS })
    await furtherReads(load, 100)
    await killAll(pool)
    await furtherReads(load, 100)
    const { rows } = await pool.read.query('select pg_is_in_recovery() as standby')
    expect(rows).toEqual([{ standby: false }])
    expect(Object.fromEntries((await load.stop()).errors)).toEqual({})
    await startAll(pool)
  },
)

test('all of them at once, with a share of half on the primary: half are served, the others are told why', {
  timeout: 120_000,
}, async () => {
  await using pool = await poolOf({ loadBalanceHosts: true, maxReadsOnPrimary: 0.5 })
  const load = new Workload(pool, 'visits', { writers: 0, readers: READERS })
  await furtherReads(load, 100)
  await killAll(pool)
  const { reads } = load.books
  await until(() => (load.books.errors.size > 0 ? true : null), 'a read that is refused')
  await furtherReads(load, 100)
  const { errors } = await load.stop()
  expect([...errors.keys()]).toEqual(['read PGHA_READS_ON_PRIMARY'])
  // Ten in ten seconds are let through beyond their share, those read on standbys before count among all, and one of each
  // reader was under way at the time of that count.
  const letThrough = 20 + READERS
  const refused = errors.get('read PGHA_READS_ON_PRIMARY') ?? 0
  expect(load.books.reads - reads).toBeLessThan(refused + reads + letThrough)
  await startAll(pool)
})

test('all of them, with a share of none on the primary: reads are refused, and say why', async () => {
  await using pool = await poolOf({ maxReadsOnPrimary: 0 })
  await killAll(pool)
  expect(await rejection(pool.read.query('select 1'))).toMatchObject({ code: 'PGHA_READS_ON_PRIMARY' })
  await pool.write.query('select 1')
  await startAll(pool)
  await pool.read.query('select 1')
})
