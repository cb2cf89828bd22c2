// A planned switchover under load: with the old primary drained in time, nobody sees an error.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigError, DrainTimeoutError, Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { audit, createTable, rejection, Workload } from '../../support/workload.ts'

let cluster: Cluster
let pool: Pool

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  pool = new Pool({ connectionString: cluster.url, max: 10 })
  await createTable(pool, 'switched')
  await cluster.waitForReplication()
})
afterAll(async () => {
  await pool.end()
  await cluster.stop()
})

function primaryName(): string {
  return `${cluster.primary.host}:${cluster.primary.port}`
}

test('50 writers and 50 readers see no error at all, three switchovers long', async () => {
  const workload = new Workload(pool, 'switched', { writers: 50, readers: 50 })
  await workload.acknowledgedAfter()
  for (let round = 0; round < 3; round++) {
    const old = cluster.primary
    await pool.drain(primaryName())
    const connected = await old.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and application_name <> 'pg-ha monitor' and pid <> pg_backend_pid()",
    )
    expect(connected.rows).toEqual([])
    const drained = pool.cluster.nodes.filter((node) => node.drained)
    expect(drained.map(({ name }) => name)).toEqual([primaryName()])
    // A fast stop ends once its standbys have everything.
    await old.stop({ mode: 'fast' })
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    await old.startAsStandby(cluster.primary)
    await old.waitUntilStreaming()
    await untilCluster(pool, ({ nodes }) =>
      nodes.every(({ state, drained: isOut }) => state !== 'unreachable' && !isOut),
    )
    await workload.acknowledgedAfter()
  }
  const books = await workload.stop()
  expect([...books.errors]).toEqual([])
  expect(books.reads).toBeGreaterThan(0)
  const { lost, doubled, unexpected } = await audit(books, cluster.primary, 'switched')
  expect({ lost, doubled, unexpected }).toEqual({ lost: [], doubled: [], unexpected: [] })
})

test('without a drain, statements under way are ended with 57P01, and nobody sees an error either', async () => {
  await createTable(pool, 'undrained')
  await cluster.waitForReplication()
  const workload = new Workload(pool, 'undrained', { writers: 25, transactors: 25, readers: 50 })
  await workload.acknowledgedAfter()
  for (let round = 0; round < 3; round++) {
    const old = cluster.primary
    await old.stop({ mode: 'fast' })
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    await old.startAsStandby(cluster.primary)
    await old.waitUntilStreaming()
    await workload.acknowledgedAfter()
  }
  const books = await workload.stop()
  expect([...books.errors]).toEqual([])
  expect(books.reads).toBeGreaterThan(0)
  const { lost, doubled, unexpected } = await audit(books, cluster.primary, 'undrained')
  expect({ lost, doubled, unexpected }).toEqual({ lost: [], doubled: [], unexpected: [] })
  await untilCluster(pool, ({ nodes }) => nodes.every(({ state }) => state !== 'unreachable'))
})

test('what is under way finishes, and the drain waits for it', async () => {
  const client = await pool.connect()
  await client.query('begin')
  const late = await rejection(pool.drain(primaryName(), { timeoutMillis: 50 }))
  expect(late).toBeInstanceOf(DrainTimeoutError)
  expect(late).toMatchObject({ code: 'PGHA_DRAIN_TIMEOUT', node: primaryName(), inUse: 1 })
  const drained = pool.drain(primaryName())
  await client.query("insert into switched values ('under way')")
  await client.query('commit')
  client.release()
  await drained
  const { rows } = await cluster.primary.query("select from switched where key = 'under way'")
  expect(rows).toHaveLength(1)
  pool.undrain(primaryName())
})

test('a switchover that was called off costs a pause and no error', async () => {
  await pool.drain(primaryName(), { holdMillis: 300 })
  const written = pool.query("insert into switched values ('called off')")
  await until(() => (pool.waitingCount === 1 ? true : null), 'the write to wait')
  await written
  await pool.drain(primaryName())
  const next = pool.query("insert into switched values ('undrained')")
  await until(() => (pool.waitingCount === 1 ? true : null), 'the write to wait')
  pool.undrain(primaryName())
  await next
})

test('a drained standby is not read from', async () => {
  const [first, second] = cluster.standbys
  if (first === undefined || second === undefined) throw new Error('Two standbys were expected')
  await pool.drain(`${first.host}:${first.port}`)
  const ports = new Set<number>()
  for (let i = 0; i < 10; i++) {
    const { rows } = await pool.read.query<{ port: string }>("select current_setting('port') as port")
    ports.add(Number(rows[0]?.port))
  }
  expect([...ports]).toEqual([second.directPort])
  pool.undrain(`${first.host}:${first.port}`)
})

test('what cannot be drained is refused at once', async () => {
  const unknown = await rejection(pool.drain('nowhere:1'))
  expect(unknown).toBeInstanceOf(ConfigError)
  expect(unknown.message).toContain('There is no node nowhere:1 to drain')
  expect(await rejection(pool.drain(primaryName(), { timeoutMillis: -1 }))).toBeInstanceOf(ConfigError)
  const plain = new Pool({ connectionString: cluster.primary.url })
  expect((await rejection(plain.drain(primaryName()))).message).toContain('a pool of one host has no other')
  await plain.end()
})
