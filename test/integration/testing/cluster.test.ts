import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { startCluster } from '../../../src/testing/index.ts'
import { isGone } from '../../../src/testing/process-tree.ts'
import { withPlainClient } from './plain-client.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('startCluster', () => {
  test('starts three nodes that stream, on one URL', async () => {
    await using cluster = await startCluster({ nodes: 3, version: 18 })
    const [first] = cluster.nodes
    expect(cluster.nodes.map((node) => node.name)).toEqual(['node1', 'node2', 'node3'])
    expect(cluster.primary).toBe(first)
    expect(cluster.standbys.map((node) => node.name)).toEqual(['node2', 'node3'])
    const ports = cluster.nodes.map((node) => `127.0.0.1:${node.port}`).join(',')
    expect(cluster.url).toBe(`postgres://postgres:${cluster.password}@${ports}/postgres`)

    await first?.query('create table t as select 42 as answer')
    await cluster.waitForReplication()
    for (const node of cluster.nodes) {
      const rows = await withPlainClient(node.url, async (client) => {
        const { rows } = await client.query('select answer, pg_is_in_recovery() as standby from t')
        return rows
      })
      expect(rows).toEqual([{ answer: 42, standby: node !== first }])
      expect((await node.query('select $1::int + answer as sum from t', [1])).rows).toEqual([{ sum: 43 }])
    }
  })

  test('takes user, password, database and settings', async () => {
    await using cluster = await startCluster({
      nodes: 2,
      user: 'App User',
      password: "p@ss' \\word/",
      database: 'shop "one"',
      settings: { work_mem: '5MB', 'my.note': "it's a \\ note" },
    })
    for (const node of cluster.nodes) {
      const rows = await withPlainClient(node.url, async (client) => {
        const { rows } = await client.query(`select current_user as user, current_database() as database,
          current_setting('work_mem') as work_mem, current_setting('my.note') as note`)
        return rows
      })
      expect(rows).toEqual([
        { user: 'App User', database: 'shop "one"', work_mem: '5MB', note: "it's a \\ note" },
      ])
    }
  })

  test('a synchronous cluster confirms a write only when a standby has it', async () => {
    await using cluster = await startCluster({ nodes: 2, synchronous: true })
    const [first, second] = cluster.nodes
    await first?.query('create table t (i int)')
    await second?.pause()
    const write = first?.query("set statement_timeout = '10s'; insert into t values (1)")
    let isWritten = false
    void write?.then(() => {
      isWritten = true
    })
    // The insert is at its commit, and stays there.
    await vi.waitFor(async () => {
      const { rows } =
        (await first?.query("select 1 from pg_stat_activity where wait_event = 'SyncRep'")) ?? {}
      expect(rows).toHaveLength(1)
    }, 5000)
    expect(isWritten).toBe(false)
    await second?.resume()
    await write
    expect(isWritten).toBe(true)
  })

  test('refuses what makes no sense', async () => {
    await expect(startCluster({ nodes: 0 })).rejects.toThrow('A cluster has 1 to 15 nodes, not 0')
    await expect(startCluster({ nodes: 1, synchronous: true })).rejects.toThrow('2 nodes or more')
    await expect(startCluster({ version: 9 })).rejects.toThrow('PostgreSQL 9 is not available')
  })

  test('says why a server did not start, and leaves nothing behind', async () => {
    const failure = startCluster({ nodes: 1, settings: { shared_buffers: 'plenty' } })
    await expect(failure).rejects.toThrow(/node1 did not start: it exited at once[\s\S]*shared_buffers/)
  })

  test('leaves no process and no folder after stop', async () => {
    const cluster = await startCluster({ nodes: 2 })
    const pids = cluster.nodes.map((node) => node.pid ?? 0)
    const folder = path.dirname(path.dirname(cluster.nodes[0]?.data ?? ''))
    expect(existsSync(folder)).toBe(true)
    await cluster.stop()
    await cluster.stop()
    expect(pids.map(isGone)).toEqual([true, true])
    expect(existsSync(folder)).toBe(false)
    await expect(cluster.nodes[0]?.start()).rejects.toThrow('its cluster was stopped')
  })
})
