import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Cluster, ClusterNode } from '../../../src/testing/index.ts'
import { startCluster } from '../../../src/testing/index.ts'
import { isGone } from '../../../src/testing/process-tree.ts'
import { failureOf, outcomeWithin, withPlainClient } from './plain-client.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let cluster: Cluster
let first: ClusterNode
let second: ClusterNode
let third: ClusterNode

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  ;[first, second, third] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]
  await first.query('create table t (i int)')
  await cluster.waitForReplication()
})

afterAll(() => cluster.stop())

async function isStandby(node: ClusterNode): Promise<boolean | undefined> {
  const { rows } = await node.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  return rows[0]?.standby
}

async function writableNodes(): Promise<string[]> {
  const running = cluster.nodes.filter((node) => node.state === 'running')
  const standby = await Promise.all(running.map(isStandby))
  return running.filter((_, index) => standby[index] === false).map((node) => node.name)
}

describe('a node', () => {
  test('killed: its clients are cut off, its port refuses, its processes are gone; started: it is back', async () => {
    const cut = withPlainClient(third.url, (client) => client.query('select pg_sleep(60)'))
    cut.catch(() => {})
    await vi.waitFor(async () => {
      const { rows } = await third.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'")
      expect(rows).toHaveLength(1)
    })
    const { rows } = await third.query<{ pid: number }>('select pid from pg_stat_activity')
    await third.kill()
    expect(third.state).toBe('stopped')
    expect(rows.length).toBeGreaterThan(3)
    expect(rows.every(({ pid }) => isGone(pid))).toBe(true)
    expect((await failureOf(cut)).message).toMatch('Connection terminated unexpectedly')
    expect(await failureOf(withPlainClient(third.url, async () => {}))).toMatchObject({
      code: 'ECONNREFUSED',
    })
    await third.start()
    expect(third.state).toBe('running')
    await withPlainClient(third.url, (client) => client.query('select 1'))
    await third.waitUntilStreaming()
  })

  test('stopped fast: a busy client gets 57P01; then its port refuses', async () => {
    const busy = withPlainClient(third.url, (client) => client.query('select pg_sleep(60)'))
    busy.catch(() => {})
    await vi.waitFor(async () => {
      const { rows } = await third.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'")
      expect(rows).toHaveLength(1)
    })
    await third.stop()
    expect(await failureOf(busy)).toMatchObject({ code: '57P01' })
    expect(await failureOf(withPlainClient(third.url, async () => {}))).toMatchObject({
      code: 'ECONNREFUSED',
    })
    await third.start()
  })

  test('stopped smart: it waits for its clients', async () => {
    await withPlainClient(third.url, async (client) => {
      const stopped = third.stop({ mode: 'smart' })
      expect(await outcomeWithin(200, stopped)).toBe('pending')
      await client.query('select 1')
      await client.end()
      await stopped
    })
    await third.start()
  })

  test('stopped immediately: it recovers at the next start', async () => {
    await third.stop({ mode: 'immediate' })
    expect(third.state).toBe('stopped')
    await third.start()
    await third.waitUntilStreaming()
  })

  test('paused: connections hang, new ones and old ones; resumed: all answers come', async () => {
    await withPlainClient(second.url, async (client) => {
      await second.pause()
      expect(second.state).toBe('paused')
      const query = client.query('select 1')
      expect(await outcomeWithin(200, query)).toBe('pending')
      const hanging = new pg.Client({ connectionString: second.url, connectionTimeoutMillis: 200 })
      expect((await failureOf(hanging.connect())).message).toMatch('timeout')
      await second.resume()
      expect((await query).rows).toHaveLength(1)
    })
    expect(second.state).toBe('running')
  })

  test('killed from outside: the port refuses, the state shows it', async () => {
    process.kill(third.pid ?? 0, 'SIGQUIT')
    await vi.waitFor(() => expect(third.state).toBe('stopped'), 5000)
    expect(await failureOf(withPlainClient(third.url, async () => {}))).toMatchObject({
      code: 'ECONNREFUSED',
    })
    await third.start()
  })
})

describe('a cluster', () => {
  test('fails over, gets its old primary back as a second writable one, and takes it in again', async () => {
    await first.kill()
    await second.promote()
    expect(cluster.primary).toBe(second)
    expect(second.role).toBe('primary')
    await second.query('insert into t values (1)')
    await third.waitUntilStreaming()
    await cluster.waitForReplication()
    expect((await third.query('select i from t')).rows).toEqual([{ i: 1 }])

    await first.start()
    expect(await writableNodes()).toEqual(['node1', 'node2'])
    expect(cluster.primary).toBe(second)
    expect(cluster.standbys).toEqual([third])
    await first.query('insert into t values (-1)')

    await first.rejoin()
    expect(await writableNodes()).toEqual(['node2'])
    expect(cluster.standbys).toEqual([first, third])
    await second.query('insert into t values (2)')
    await cluster.waitForReplication()
    expect((await first.query('select i from t order by i')).rows).toEqual([{ i: 1 }, { i: 2 }])
  })

  test('promotes without repointing when told so; follow repoints one', async () => {
    await third.promote({ repoint: false })
    const { rows } = await third.query('select 1 from pg_stat_replication')
    expect(rows).toEqual([])
    expect(await writableNodes()).toEqual(['node2', 'node3'])
    await expect(second.follow(third)).rejects.toThrow('node2 is no standby')
    await first.follow(third)
    const { rows: followers } = await third.query('select application_name from pg_stat_replication')
    expect(followers).toEqual([{ application_name: 'node1' }])
    await second.rejoin()
    await expect(third.rejoin()).rejects.toThrow('node3 is the primary itself')
  })

  test('promotes while the others are paused, dead or cut off, without waiting for them', async () => {
    await third.pause()
    await second.kill()
    await first.blackhole()
    await first.promote()
    expect(await isStandby(first)).toBe(false)
    await first.heal()
    await third.stop({ mode: 'immediate' })
    await Promise.all([second.rejoin(), third.rejoin()])
    expect(await writableNodes()).toEqual(['node1'])
    await expect(first.promote()).resolves.toBeUndefined()
    await second.pause()
    await expect(second.promote()).rejects.toThrow('node2 is paused')
    await second.resume()
  })
})
