// The primary goes away in ways that show at once: killed, stopped, restarted, switched over.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConnectionLostError, Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { nextEvent, until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { audit, createTable, rejection, Workload } from '../../support/workload.ts'

let cluster: Cluster
let pool: Pool

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, synchronous: true })
})
afterAll(() => cluster.stop())

async function survive(table: string, fault: (old: ClusterNode) => Promise<void>): Promise<Workload> {
  const old = cluster.primary
  await createTable(pool, table)
  await cluster.waitForReplication()
  const workload = new Workload(pool, table, { writers: 4, readers: 2 })
  await workload.acknowledgedAfter()
  await fault(old)
  const next = await cluster.mostAdvancedStandby()
  await next.promote()
  await workload.acknowledgedAfter()
  const books = await workload.stop()
  const { lost, doubled, unexpected } = await audit(books, next, table)
  expect({ lost, doubled, unexpected }).toEqual({ lost: [], doubled: [], unexpected: [] })
  expect(
    [...books.errors.keys()].filter((kind) => !['PGHA_OUTCOME_UNKNOWN', '57P01'].includes(kind)),
  ).toEqual([])
  await old.rejoin()
  return workload
}

describe('the primary goes away', () => {
  beforeAll(async () => {
    pool = new Pool({ connectionString: cluster.url, max: 8 })
    return () => pool.end()
  })

  test('killed: nothing acknowledged is lost, nothing is written twice, and an error, if any, says that the outcome is unknown', async () => {
    const failover = nextEvent(pool, 'failover')
    const workload = await survive('killed', (old) => old.kill())
    const { from, to, downtimeMillis } = await failover
    expect(from).not.toBe(to)
    expect(downtimeMillis).toBeGreaterThan(0)
    expect(workload.books.acknowledged.size).toBeGreaterThan(0)
  })

  test('stopped fast: PostgreSQL says why, and the rest waits for the successor', async () => {
    await survive('stopped', (old) => old.stop({ mode: 'fast' }))
  })

  test('stopped at once: as after a kill', async () => {
    await survive('immediate', (old) => old.stop({ mode: 'immediate' }))
  })

  test('a switchover loses nothing and the old primary is read from again', async () => {
    const old = cluster.primary
    await survive('switched', (node) => node.stop())
    const name = `${old.host}:${old.port}`
    await untilCluster(pool, ({ nodes }) => nodes.find((node) => node.name === name)?.state === 'standby')
  })

  test('restarted in place: waiting writes go on, on the same node', async () => {
    const old = cluster.primary
    await createTable(pool, 'restarted')
    await old.stop()
    await untilCluster(pool, ({ primary }) => primary === null)
    const write = pool.query('insert into restarted values ($1)', ['waits'])
    await old.start()
    await write
    expect(pool.cluster.primary).toBe(`${old.host}:${old.port}`)
  })

  test('a write that was sent is not repeated where nobody is to be asked: its caller is told that the outcome is unknown', async () => {
    const old = cluster.primary
    await createTable(pool, 'sent')
    await using asksNobody = disposablePool({ connectionString: cluster.url, commitOutcome: 'off' })
    const sent = asksNobody.query(`insert into sent select 'slow' from pg_sleep(20)`)
    const outcome = rejection(sent)
    await until(async () => {
      const { rows } = await old.query(`select 1 from pg_stat_activity where query like 'insert into sent%'`)
      return rows.length > 0 ? true : null
    }, 'the insert to be running')
    await old.kill()
    const next = await cluster.mostAdvancedStandby()
    await next.promote()
    const error = await outcome
    expect(error).toBeInstanceOf(ConnectionLostError)
    expect(error).toMatchObject({ code: 'PGHA_OUTCOME_UNKNOWN', sqlState: '08007' })
    expect(error.message).toMatch(/outcome|unknown/)
    expect((await pool.query('select count(*)::int as n from sent')).rows).toEqual([{ n: 0 }])
    await old.rejoin()
  })

  test('a query object is never run twice: its caller hears of the lost connection', async () => {
    const query = new pg.Query('select 1 as one, pg_sleep(20)')
    const outcome = rejection(pool.read.query(query) as unknown as Promise<unknown>)
    const busy = await until(async () => {
      for (const node of cluster.standbys) {
        const { rows } = await node.query(
          `select 1 from pg_stat_activity where query like 'select 1 as one, pg_sleep%'`,
        )
        if (rows.length > 0) return node
      }
      return null
    }, 'the query to be running')
    await busy.kill()
    expect((await outcome).message).toMatch(/Connection terminated|ECONNRESET|does not answer any more/)
    await busy.start()
    await busy.waitUntilStreaming()
  })

  test('a read that was sent is run again elsewhere, once, and its caller sees no error', async () => {
    const reading = pool.read.query<{ port: number }>('select inet_server_port() as port from pg_sleep(1)')
    const busy = await until(async () => {
      for (const node of cluster.standbys) {
        const { rows } = await node.query(
          `select 1 from pg_stat_activity where query like 'select inet_server_port%' and pid <> pg_backend_pid()`,
        )
        if (rows.length > 0) return node
      }
      return null
    }, 'the read to be running')
    await busy.kill()
    const { rows } = await reading
    expect(rows[0]?.port).not.toBe(busy.directPort)
    await busy.start()
  })
})
