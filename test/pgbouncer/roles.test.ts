// One PgBouncer in front of each server: who is primary is told by the servers, whatever a pooler remembers.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pool } from '../../src/index.ts'
import { untilCluster } from '../support/await-event.ts'
import { disposablePool } from '../support/disposable.ts'
import { audit, createTable, Workload } from '../support/workload.ts'
import { type PooledCluster, startPooledCluster } from './pooled-cluster.ts'

describe.each(['session', 'transaction', 'statement'] as const)('in %s mode', (mode) => {
  let pooled: PooledCluster
  beforeAll(async () => {
    pooled = await startPooledCluster({ nodes: 3, synchronous: true, mode })
  })
  afterAll(() => pooled?.stop())

  const states = (pool: Pool): readonly string[] => pool.cluster.nodes.map(({ state }) => state)

  test('finds the primary and the standbys', async () => {
    await using pool = disposablePool({ connectionString: pooled.url })
    await pool.query('select 1')
    await untilCluster(pool, ({ nodes }) => nodes.every(({ state }) => state !== 'unknown'))
    expect(states(pool)).toEqual(['primary', 'standby', 'standby'])
  })

  test('reads from standbys and writes to the primary', async () => {
    await using pool = disposablePool({ connectionString: pooled.url })
    await pool.query('select 1')
    await untilCluster(pool, ({ nodes }) => nodes.every(({ state }) => state !== 'unknown'))
    const port = 'select inet_server_port() as port'
    const read = await pool.read.query<{ port: number }>(port)
    const written = await pool.query<{ port: number }>(port)
    const standbys = pooled.cluster.standbys.map(({ directPort }) => directPort)
    expect(standbys).toContain(read.rows[0]?.port)
    expect(written.rows[0]?.port).toBe(pooled.cluster.primary.directPort)
  })

  test('writes go on after each failover, applied once, although the pooler calls the new primary a standby', async () => {
    const { cluster } = pooled
    await using pool = disposablePool({ connectionString: pooled.url })
    await createTable(pool, 'survivors')
    await cluster.waitForReplication()
    const workload = new Workload(pool, 'survivors', { writers: 5, readers: 5 })
    await workload.acknowledgedAfter()
    for (let round = 0; round < 2; round++) {
      const old = cluster.primary
      const next = await cluster.mostAdvancedStandby()
      await old.kill()
      await next.promote()
      await workload.acknowledgedAfter()
      // What makes this hard: whoever connects now is told of a standby.
      if (round === 0) expect(await reportedRole(pooled, next.directPort)).toBe('on')
      await old.rejoin()
      await untilCluster(pool, ({ nodes }) => nodes.every(({ state }) => /primary|standby/.test(state)))
      await workload.acknowledgedAfter()
    }
    const books = await workload.stop()
    expect(books.reads).toBeGreaterThan(0)
    expect(await audit(books, cluster.primary, 'survivors')).toEqual({
      lost: [],
      doubled: [],
      unexpected: [],
    })
  })

  test('a write that meets a server demoted behind the pooler is run on the primary', async () => {
    const { cluster } = pooled
    await using pool = disposablePool({ connectionString: pooled.url, probeIntervalMillis: 60_000 })
    await createTable(pool, 'demoted')
    const old = cluster.primary
    await old.stop({ mode: 'fast' })
    await (await cluster.mostAdvancedStandby()).promote()
    await old.startAsStandby(cluster.primary)
    await old.waitUntilStreaming()
    await pool.query('insert into demoted values ($1)', ['once'])
    expect((await cluster.primary.query('select * from demoted')).rows).toEqual([{ key: 'once' }])
  })
})

/** `in_hot_standby` as a new client is told at its login. */
async function reportedRole(pooled: PooledCluster, serverPort: number): Promise<string | undefined> {
  const client = new pg.Client(pooled.login(serverPort))
  let role: string | undefined
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'in_hot_standby') role = parameterValue
  })
  await client.connect()
  await client.end()
  return role
}
