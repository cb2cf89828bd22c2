// Every target on a real cluster: which server answers, and what happens when the preferred ones are away.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NoFitNodeError, type Pool, type PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection } from '../../support/workload.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
})
afterAll(() => cluster.stop())

const WHO = 'select pg_is_in_recovery() as standby, inet_server_port() as port'

async function who(pool: { query: Pool['query'] }): Promise<{ standby: boolean; port: number }> {
  const { rows } = await pool.query<{ standby: boolean; port: number }>(WHO)
  const [row] = rows
  if (row === undefined) throw new Error('A row was expected')
  return row
}

function open(options: PoolOptions): Pool & AsyncDisposable {
  return disposablePool({ connectionString: cluster.url, startupGraceMillis: 5000, ...options })
}

/** A write waits for the first decision, and that for every node's first answer. */
async function heardAll(pool: Pool): Promise<void> {
  await pool.write.query('select 1')
}

describe('with every node up', () => {
  test.each([
    ['targetServerType=primary', false],
    ['targetServerType=master', false],
    ['targetServerType=secondary', true],
    ['targetServerType=slave', true],
    ['targetServerType=preferSecondary', true],
    ['targetServerType=preferSlave', true],
    ['targetServerType=preferPrimary', false],
    ['targetServerType=any', false],
    ['target_session_attrs=any', false],
    ['target_session_attrs=read-write', false],
    ['target_session_attrs=read-only', true],
    ['target_session_attrs=primary', false],
    ['target_session_attrs=standby', true],
    ['target_session_attrs=prefer-standby', true],
  ])('%s: standby %s', async (parameter, standby) => {
    await using pool = open({ connectionString: `${cluster.url}?${parameter}` })
    await heardAll(pool)
    expect((await who(pool)).standby).toBe(standby)
    const client = await pool.connect()
    expect((await who(client as never)).standby).toBe(standby)
    client.release()
  })

  test('pool.read goes to a standby, pool.write to the primary, whatever the own target is', async () => {
    for (const targetServerType of ['primary', 'preferSecondary', 'any', 'secondary'] as const) {
      await using pool = open({ targetServerType })
      expect((await who(pool.read)).standby).toBe(true)
      expect((await who(pool.write)).standby).toBe(false)
    }
  })

  test('in list order without load balancing, over all fit nodes with it, evenly by turns', async () => {
    await using ordered = open({})
    const first = (await who(ordered.read)).port
    for (let i = 0; i < 6; i++) expect((await who(ordered.read)).port).toBe(first)
    for (const balancer of ['random', 'roundRobin', 'leastBusy', 'nearest'] as const) {
      await using balanced = open({ loadBalanceHosts: true, balancer })
      await heardAll(balanced)
      const rows = await Promise.all(Array.from({ length: 40 }, () => who(balanced.read)))
      expect(new Set(rows.map(({ port }) => port)).size, balancer).toBe(2)
      expect(rows.every(({ standby }) => standby)).toBe(true)
    }
  })

  test('reads are read-only wherever they run', async () => {
    await using pool = open({})
    const error = await rejection(pool.read.query('create table never (x int)'))
    expect(error.code).toBe('25006')
    const shown = await pool.read.query<{ transaction_read_only: string }>('show transaction_read_only')
    expect(shown.rows[0]?.transaction_read_only).toBe('on')
  })
})

describe('with standbys away', () => {
  test('reads move to the other standby, then to the primary, where they stay read-only, and back', async () => {
    await using pool = open({})
    const [a, b] = cluster.standbys as [ClusterNode, ClusterNode]
    const before = await who(pool.read)
    const nearest = before.port === a.directPort ? a : b
    const other = nearest === a ? b : a
    await nearest.kill()
    expect(await who(pool.read)).toEqual({ standby: true, port: other.directPort })
    await other.kill()
    expect(await who(pool.read)).toEqual({ standby: false, port: cluster.primary.directPort })
    expect((await rejection(pool.read.query('create table never (x int)'))).code).toBe('25006')
    expect((await pool.write.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await a.start()
    await b.start()
    await until(async () => ((await who(pool.read)).standby ? true : null), 'reads to be back on a standby')
  })

  test('a strict secondary is never silently a primary', async () => {
    await using pool = open({ targetServerType: 'secondary', failoverTimeoutMillis: 400 })
    await pool.query('select 1')
    for (const node of cluster.standbys) await node.kill()
    await untilCluster(pool, ({ nodes }) => nodes.filter(({ state }) => state === 'unreachable').length === 2)
    const error = await rejection(pool.read.query('select 1'))
    expect(error).toBeInstanceOf(NoFitNodeError)
    expect(error.code).toBe('PGHA_NO_NODE')
    for (const node of cluster.standbys) await node.start()
  })
})

test('a standby too far behind is not read from; without the limit it is', async () => {
  const [delayed, fresh] = cluster.standbys as [ClusterNode, ClusterNode]
  await fresh.kill()
  await delayed.query(`alter system set recovery_min_apply_delay = '1h'`)
  await delayed.query('select pg_reload_conf()')
  // The delay holds back commits: the first one is not replayed, and what follows piles up behind it.
  await cluster.primary.query('create table behind as select generate_series(1, 1000) as x')
  await cluster.primary.query('insert into behind select generate_series(1, 1000)')
  await using strict = open({ maxReplicationLagBytes: 1000 })
  await using lenient = open({})
  await until(async () => ((await who(strict.read)).standby ? null : true), 'reads to leave the standby')
  expect((await who(lenient.read)).standby).toBe(true)
  const seen = strict.cluster.nodes.find(({ state }) => state === 'standby')
  expect(seen?.replicationLagBytes).toBeGreaterThan(1000)
  await delayed.query('alter system reset recovery_min_apply_delay')
  await delayed.query('select pg_reload_conf()')
  await until(async () => ((await who(strict.read)).standby ? true : null), 'reads to return to the standby')
  await fresh.start()
})

test('a primary that refuses writes: read-write waits, primary takes it, read-only takes it', async () => {
  const { primary } = cluster
  await primary.query('alter system set default_transaction_read_only = on')
  await primary.query('select pg_reload_conf()')
  await using libpq = disposablePool({ connectionString: `${cluster.url}?target_session_attrs=primary` })
  expect((await who(libpq)).standby).toBe(false)
  await using strict = open({ failoverTimeoutMillis: 2000 })
  expect((await rejection(strict.query('select 1'))).message).toMatch(/primary \(read-only\)/)
  await using readOnly = open({ connectionString: `${primary.url}?target_session_attrs=read-only` })
  expect((await who(readOnly)).standby).toBe(false)
  await primary.query('alter system reset default_transaction_read_only')
  await primary.query('select pg_reload_conf()')
})
