// How far a standby is behind, on real servers: nothing on an idle primary, too far where its replay is held up, and of no
// use where it receives nothing.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Pool, PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

let cluster: Cluster
/** The first of the list is read from as long as it is fit. */
let first: ClusterNode
let other: ClusterNode

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  ;[first, other] = cluster.standbys as [ClusterNode, ClusterNode]
  await cluster.primary.query('create table rows (n int)')
})
afterAll(() => cluster.stop())
beforeEach(() => cluster.waitForReplication())

async function open(options: PoolOptions): Promise<Pool & AsyncDisposable> {
  const pool = disposablePool({ connectionString: cluster.url, startupGraceMillis: 5000, ...options })
  await untilReadFrom(pool, first)
  return pool
}

async function readFrom(pool: Pool): Promise<number> {
  const { rows } = await pool.read.query<{ port: number }>('select inet_server_port() as port')
  return Number(rows[0]?.port)
}

function untilReadFrom(pool: Pool, { name, directPort }: ClusterNode): Promise<true> {
  return until(
    async () => ((await readFrom(pool)) === directPort ? true : null),
    `a read to be served by ${name}`,
  )
}

async function set(node: ClusterNode, setting: string): Promise<void> {
  await node.query(`alter system ${setting}`)
  await node.query('select pg_reload_conf()')
}

const AGE =
  'select extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 * 1000 as age'

test('where nothing is written a standby is level, however long ago its last transaction was', async () => {
  await cluster.primary.query('insert into rows values (1)')
  await using pool = await open({ maxReplicationLagMillis: 100, maxReplicationLagBytes: 0 })
  await until(async () => {
    const { rows } = await first.query<{ age: number }>(AGE)
    return Number(rows[0]?.age) > 500 ? true : null
  }, 'its last transaction to be half a second old')
  await untilCluster(pool, ({ nodes }) =>
    nodes.every(
      ({ state, replicationLagBytes, replicationLagMillis }) =>
        state === 'primary' || (replicationLagBytes === 0 && replicationLagMillis === 0),
    ),
  )
  await untilReadFrom(pool, first)
})

test('a standby whose replay is held up is left when it is too late by the clock, and comes back', async () => {
  await using pool = await open({ maxReplicationLagMillis: 200 })
  await using lenient = await open({ maxReplicationLagMillis: 3_600_000 })
  await set(first, "set recovery_min_apply_delay = '1h'")
  await cluster.primary.query('insert into rows values (2)')
  await untilReadFrom(pool, other)
  await untilReadFrom(lenient, first)
  await untilCluster(pool, ({ nodes }) =>
    nodes.some(({ replicationLagMillis }) => Number(replicationLagMillis) > 200),
  )
  await set(first, 'reset recovery_min_apply_delay')
  await untilReadFrom(pool, first)
})

test('a standby that receives nothing is not read from, without any limit, and not even when it is the last', async () => {
  await using pool = await open({})
  await set(first, "set primary_conninfo = 'host=127.0.0.1 port=1 connect_timeout=1'")
  await until(async () => {
    const { rows } = await first.query('select 1 from pg_stat_wal_receiver')
    return rows.length === 0 ? true : null
  }, 'its receiver to be gone')
  await cluster.primary.query('insert into rows values (3)')
  await untilReadFrom(pool, other)
  await pool.drain(`${other.host}:${other.port}`)
  await untilReadFrom(pool, cluster.primary)
  for (let i = 0; i < 10; i++) expect(await readFrom(pool)).toBe(cluster.primary.directPort)
  await set(first, 'reset primary_conninfo')
  await untilReadFrom(pool, first)
})
