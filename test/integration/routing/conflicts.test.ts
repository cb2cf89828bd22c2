// Reads that a standby's replay puts an end to, on real servers: a vacuum on the primary takes away what they see. They wait
// at a gate, an advisory lock of their node, so that it is known where they run, and until when.
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection } from '../../support/workload.ts'

const READ =
  'select pg_is_in_recovery() as standby, inet_server_port() as port, pg_advisory_xact_lock_shared(7)::text as gate'
const WAITING =
  "select pid from pg_stat_activity where wait_event = 'advisory' and application_name = 'reader' limit 1"

let cluster: Cluster
let pool: Pool & AsyncDisposable
let gates: Map<ClusterNode, pg.Client>

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, settings: { max_standby_streaming_delay: '0' } })
  await cluster.primary.query('create table moving (v int)')
  await cluster.primary.query('insert into moving values (0)')
  await cluster.primary.query(
    `create function guarded() returns boolean language plpgsql stable as $$
     begin
       begin perform pg_advisory_xact_lock_shared(7); exception when division_by_zero then null; end;
       return pg_is_in_recovery();
     end $$`,
  )
  await cluster.waitForReplication()
  pool = await poolOf({})
})
afterAll(async () => {
  await pool[Symbol.asyncDispose]()
  await cluster.stop()
})

beforeEach(async () => {
  gates = new Map()
  for (const node of cluster.standbys) {
    const client = new pg.Client({
      connectionString: cluster.directUrl.replace(/@[^/]+/, `@127.0.0.1:${node.directPort}`),
    })
    await client.connect()
    await client.query('select pg_advisory_lock(7)')
    gates.set(node, client)
  }
})
afterEach(async () => {
  await Promise.all([...gates.values()].map((client) => client.end()))
})

async function poolOf(options: object): Promise<Pool & AsyncDisposable> {
  const made = disposablePool({
    connectionString: cluster.url,
    application_name: 'reader',
    startupGraceMillis: 5000,
    ...options,
  })
  await made.query('select 1').catch(() => made.read.query('select 1'))
  await untilCluster(made, ({ nodes }) => nodes.every(({ state }) => state !== 'unknown'))
  return made
}

/** The standby at whose gate a read waits. */
function whereItWaits(): Promise<{ node: ClusterNode; pid: number }> {
  return until(async () => {
    for (const node of cluster.standbys) {
      const { rows } = await node.query<{ pid: number }>(WAITING)
      if (rows[0] !== undefined) return { node, pid: rows[0].pid }
    }
    return null
  }, 'a read that waits on a standby')
}

/** The primary does away with what the read sees. */
async function conflict(): Promise<void> {
  await cluster.primary.query('update moving set v = v + 1')
  await cluster.primary.query('vacuum moving')
}

async function open(node: ClusterNode): Promise<void> {
  await gates.get(node)?.query('select pg_advisory_unlock(7)')
}

async function afterConflictAt(first: ClusterNode): Promise<ClusterNode> {
  await conflict()
  return until(async () => {
    const { node } = await whereItWaits()
    return node === first ? null : node
  }, 'the read on another standby')
}

describe('a read that a replay put an end to', () => {
  test('is answered by another standby', async () => {
    const read = pool.read.query(READ)
    const { node } = await whereItWaits()
    const other = await afterConflictAt(node)
    await open(other)
    expect((await read).rows).toMatchObject([{ standby: true, port: other.directPort }])
  })

  test('twice, is answered by the primary', async () => {
    const read = pool.read.query(READ)
    await afterConflictAt((await whereItWaits()).node)
    await conflict()
    expect((await read).rows).toMatchObject([{ standby: false, port: cluster.primary.directPort }])
  })

  test('with its session, is tried elsewhere all the same', async () => {
    const read = pool.read.query('select guarded() as standby')
    const other = await afterConflictAt((await whereItWaits()).node)
    await open(other)
    expect((await read).rows).toEqual([{ standby: true }])
  })

  test('where only standbys will do, has the last one’s words for it', async () => {
    await using strict = await poolOf({ targetServerType: 'secondary' })
    const read = rejection(strict.query(READ))
    await afterConflictAt((await whereItWaits()).node)
    await conflict()
    expect(await read).toMatchObject({ code: '40001', severity: 'ERROR' })
  })

  test('with one standby that is fit, is answered by the primary at once', async () => {
    const [first, second] = cluster.standbys as [ClusterNode, ClusterNode]
    await using small = await poolOf({})
    await small.drain(`127.0.0.1:${second.port}`)
    const read = small.read.query(READ)
    expect((await whereItWaits()).node).toBe(first)
    await conflict()
    expect((await read).rows).toMatchObject([{ standby: false }])
  })

  test('of a client that has chosen a standby, goes to the primary', async () => {
    await using splitting = await poolOf({ readWriteSplitting: 'auto' })
    const client = await splitting.connect()
    const read = client.query({ text: READ, route: 'standby' } as pg.QueryConfig)
    await whereItWaits()
    await conflict()
    expect((await read).rows).toMatchObject([{ standby: false }])
    client.release()
  })
})

describe('what is not repeated', () => {
  test('within a transaction', async () => {
    const client = await pool.read.connect()
    await client.query('begin')
    const read = rejection(client.query(READ))
    await whereItWaits()
    await conflict()
    expect(await read).toMatchObject({ code: '40001' })
    await client.query('rollback')
    client.release()
  })

  test('a query object', async () => {
    const query = new pg.Query(READ)
    const read = rejection(pool.read.query(query) as unknown as Promise<unknown>)
    await whereItWaits()
    await conflict()
    expect(await read).toMatchObject({ code: '40001' })
  })

  test('what a user has cancelled', async () => {
    const read = rejection(pool.read.query(READ))
    const { node, pid } = await whereItWaits()
    await node.query(`select pg_cancel_backend(${pid})`)
    const error = await read
    expect(error).toMatchObject({ code: '57014' })
    expect(error).not.toHaveProperty('detail', expect.any(String))
  })

  test('what took longer than it may', async () => {
    await using hasty = await poolOf({ statement_timeout: 200 })
    expect(await rejection(hasty.read.query(READ))).toMatchObject({ code: '57014' })
  })
})
