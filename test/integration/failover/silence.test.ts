// A node that does not die but falls silent: it accepts connections and answers nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConnectionLostError, Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { audit, createTable, rejection, Workload } from '../../support/workload.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, synchronous: true })
})
afterAll(() => cluster.stop())

const silences: readonly (readonly [
  string,
  (node: ClusterNode) => Promise<void>,
  (node: ClusterNode) => Promise<void>,
])[] = [
  ['stopped in its tracks', (node) => node.pause(), (node) => node.resume()],
  ['cut off by a network that drops everything', (node) => node.blackhole(), (node) => node.heal()],
]

describe.each(silences)('a primary %s', (_title, silence, end) => {
  test('is left for its successor, with the default settings; nobody hangs, nothing is lost', async () => {
    const pool = new Pool({ connectionString: cluster.url, max: 8 })
    const old = cluster.primary
    const table = `silent_${old.port}`
    await createTable(pool, table)
    await cluster.waitForReplication()
    const workload = new Workload(pool, table, { writers: 4, readers: 2 })
    await workload.acknowledgedAfter()
    const leased = await pool.connect()
    const held = rejection(leased.query('select pg_sleep(60)'))
    await silence(old)
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    expect(await held).toBeInstanceOf(ConnectionLostError)
    leased.release()
    const books = await workload.stop()
    const { lost, doubled, unexpected } = await audit(books, cluster.primary, table)
    expect({ lost, doubled, unexpected }).toEqual({ lost: [], doubled: [], unexpected: [] })
    await pool.end()
    await end(old)
    await old.rejoin()
  })

  test('without a successor: its clients are told, and work goes on when it is back', async () => {
    const pool = new Pool({
      connectionString: cluster.url,
      probeIntervalMillis: 200,
      probeTimeoutMillis: 200,
    })
    const node = cluster.primary
    const query = rejection(pool.query('select pg_sleep(60)'))
    await until(async () => {
      const { rows } = await node.query(`select 1 from pg_stat_activity where query = 'select pg_sleep(60)'`)
      return rows.length > 0 ? true : null
    }, 'the statement to be running')
    await silence(node)
    expect(await query).toBeInstanceOf(ConnectionLostError)
    const waiting = pool.query<{ n: number }>('select 7 as n')
    await end(node)
    expect((await waiting).rows).toEqual([{ n: 7 }])
    await pool.end()
  })
})

test('a long statement on a healthy server is never taken for silence', async () => {
  const pool = new Pool({ connectionString: cluster.url, probeIntervalMillis: 100, probeTimeoutMillis: 200 })
  const { rows } = await pool.query<{ n: number }>('select 1 as n from pg_sleep(1)')
  expect(rows).toEqual([{ n: 1 }])
  await pool.end()
})

test('a program that was busy itself does not take its servers for silent', async () => {
  const pool = new Pool({ connectionString: cluster.url, probeIntervalMillis: 50, probeTimeoutMillis: 200 })
  await pool.query('select 1')
  const changes: string[] = []
  pool.on('nodeChange', ({ node, current }) => changes.push(`${node} ${current}`))
  const leased = await pool.connect()
  const running = leased.query<{ n: number }>('select 5 as n from pg_sleep(0.3)')
  for (let i = 0; i < 3; i++) {
    const busyUntil = performance.now() + 500
    while (performance.now() < busyUntil);
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  expect((await running).rows).toEqual([{ n: 5 }])
  expect(changes).toEqual([])
  leased.release()
  await pool.end()
})
