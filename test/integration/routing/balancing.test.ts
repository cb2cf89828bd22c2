// How reads are shared among real standbys: by weight, by zone, by what is in use, by how near they are, and sparingly to
// one that has just come back.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeSnapshot, Pool, PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

let cluster: Cluster
let a: ClusterNode
let b: ClusterNode

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  ;[a, b] = cluster.standbys as [ClusterNode, ClusterNode]
})
afterAll(() => cluster.stop())

/** What is said of the hosts, in the order of the list, whose first is the primary. */
async function open(options: PoolOptions, hosts: { weight?: string; zone?: string } = {}) {
  const pool = disposablePool({
    ...{ connectionString: `${cluster.url}?${new URLSearchParams(hosts)}`, loadBalanceHosts: true },
    // On a busy machine one standby may be heard much later than the other.
    ...{ startupGraceMillis: 20_000, probeTimeoutMillis: 10_000, slowStartMillis: 0 },
    ...options,
  })
  await pool.write.query('select 1')
  await untilStandbys(pool, 2)
  return pool
}

async function untilStandbys(pool: Pool, count: number): Promise<void> {
  await untilCluster(pool, ({ nodes }) => nodes.filter(({ state }) => state === 'standby').length === count)
}

const SPARED_MILLIS = 8000

function isWarm({ since, checkedAt }: NodeSnapshot): boolean {
  return Date.parse(checkedAt ?? '') - Date.parse(since ?? '') > SPARED_MILLIS
}

const WHO = 'select inet_server_port() as port'

/** Where reads, one after the other, were served. */
async function served(pool: Pool, count: number): Promise<{ a: number; b: number; primary: number }> {
  const counts = { a: 0, b: 0, primary: 0 }
  for (let i = 0; i < count; i++) {
    const { rows } = await pool.read.query<{ port: number }>(WHO)
    counts[rows[0]?.port === a.directPort ? 'a' : rows[0]?.port === b.directPort ? 'b' : 'primary'] += 1
  }
  return counts
}

test('by weight, exactly where they are taken by turns', async () => {
  await using pool = await open({ balancer: 'roundRobin' }, { weight: '1,3,1' })
  const counts = await served(pool, 80)
  // 60 and 20: steps of the golden section are off by a few at most.
  expect(counts.a).toBeGreaterThan(56)
  expect(counts.a).toBeLessThan(64)
  expect(counts.a + counts.b).toBe(80)
})

test('in the preferred zone while a node of it is fit, else in another, and in it again', async () => {
  await using pool = await open({ preferZone: 'west' }, { zone: 'west,east,west' })
  expect(await served(pool, 10)).toEqual({ a: 0, b: 10, primary: 0 })
  await b.kill()
  await untilStandbys(pool, 1)
  // A standby far away comes before the primary nearby.
  expect(await served(pool, 10)).toEqual({ a: 10, b: 0, primary: 0 })
  await b.start()
  await untilStandbys(pool, 2)
  expect(await served(pool, 10)).toEqual({ a: 0, b: 10, primary: 0 })
})

test('to the less busy one', async () => {
  await using pool = await open({ balancer: 'leastBusy' })
  const held = await Promise.all(Array.from({ length: 6 }, () => pool.read.connect()))
  const ports = await Promise.all(held.map(async (client) => (await client.query(WHO)).rows[0].port))
  for (const [i, client] of held.entries()) if (ports[i] === b.directPort) client.release()
  expect(ports).toContain(a.directPort)
  expect(await served(pool, 10)).toEqual({ a: 0, b: 10, primary: 0 })
  for (const [i, client] of held.entries()) if (ports[i] !== b.directPort) client.release()
})

test('to the nearer one', async () => {
  await using pool = await open({ balancer: 'nearest' })
  await a.delay(1000)
  await untilCluster(pool, ({ nodes }) => {
    const millis = (node: ClusterNode): number =>
      nodes.find(({ port }) => port === node.port)?.roundTripMillis ?? 0
    return millis(a) > 300 && millis(a) > 4 * millis(b)
  })
  expect(await served(pool, 10)).toEqual({ a: 0, b: 10, primary: 0 })
  await a.delay(0)
})

test('sparingly to one that has come back and whose caches are cold', async () => {
  await using busiest = await open({ balancer: 'leastBusy', slowStartMillis: SPARED_MILLIS })
  await using turning = await open({ balancer: 'roundRobin', slowStartMillis: SPARED_MILLIS })
  const pools = [busiest, turning]
  await Promise.all(pools.map((pool) => untilCluster(pool, ({ nodes }) => nodes.every(isWarm))))
  await a.kill()
  await Promise.all(pools.map((pool) => untilStandbys(pool, 1)))
  await a.start()
  await Promise.all(pools.map((pool) => untilStandbys(pool, 2)))
  const counts = await Promise.all(pools.map((pool) => served(pool, 40)))
  for (const { a: share, primary } of counts) {
    expect(share).toBeLessThan(16)
    expect(primary).toBe(0)
  }
})
