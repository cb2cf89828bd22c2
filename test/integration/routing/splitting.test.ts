// What a pool that splits by itself says and learns on real servers: which node a text would go to, what functions do, by
// whose search path, and until when; and where the queries go that bring a protocol of their own.
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { PoolClient } from 'pg'
import { from, to } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pool, PoolOptions } from '../../../src/index.ts'
import { FUNCTION_QUERY } from '../../../src/pooling/function-lookup.ts'
import { Splitter } from '../../../src/pooling/splitter.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { withPlainClient } from '../testing/plain-client.ts'

let cluster: Cluster
let standby: ClusterNode
let pool: Pool & AsyncDisposable

const SCHEMA = `
  create table visits (n int);
  create schema app;
  create function named() returns int stable language sql as 'select 1';
  create function app.named() returns int volatile language sql as 'insert into visits values (1) returning n';
`

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  standby = cluster.standbys[0] as ClusterNode
  await run(SCHEMA)
  pool = await open({})
})
afterAll(async () => {
  await pool[Symbol.asyncDispose]()
  await cluster.stop()
})

/** On the primary; by then the standby has it, too. */
async function run(statements: string): Promise<void> {
  await withPlainClient(cluster.primary.directUrl, (client) => client.query(statements))
  await cluster.waitForReplication()
}

async function open(options: PoolOptions): Promise<Pool & AsyncDisposable> {
  const made = disposablePool({
    ...{ connectionString: cluster.url, readWriteSplitting: 'auto', startupGraceMillis: 20_000 },
    ...options,
  })
  await made.write.query('select 1')
  await untilCluster(made, ({ nodes }) => nodes.some(({ state }) => state === 'standby'))
  return made
}

function nameOf({ host, port }: ClusterNode): string {
  return `${host}:${port}`
}

describe('explainRoute', () => {
  test('names the node that would serve it now', async () => {
    const reads = { to: 'standby', why: 'it only reads' }
    const writes = { to: 'primary', why: 'INSERT writes', node: nameOf(cluster.primary) }
    expect(await pool.explainRoute('select 1')).toEqual({ ...reads, node: nameOf(standby) })
    expect(await pool.explainRoute({ text: 'insert into visits values (1)' })).toEqual(writes)
    await pool.drain(nameOf(standby))
    expect(await pool.explainRoute('select 1')).toEqual({ ...reads, node: nameOf(cluster.primary) })
    pool.undrain(nameOf(standby))
    expect(await pool.explainRoute('select 1')).toEqual({ ...reads, node: nameOf(standby) })
  })

  test('names none where the text would wait for one', async () => {
    await using alone = await open({})
    await alone.drain(nameOf(cluster.primary))
    expect((await alone.explainRoute('delete from visits')).node).toBeNull()
    expect((await alone.explainRoute('select 1')).node).toBe(nameOf(standby))
  })

  test('goes by the target where the pool does not split', async () => {
    await using plain = await open({ readWriteSplitting: 'explicit' })
    expect(await plain.explainRoute('select 1')).toEqual({
      to: 'target',
      why: 'every statement goes by the target read-write',
      node: nameOf(cluster.primary),
    })
  })
})

describe('functions', () => {
  test('are known by the search path of the pool’s own sessions', async () => {
    const calls = 'select named()'
    await using other = await open({ options: '-c search_path=app' })
    expect((await pool.explainRoute(calls)).to).toBe('standby')
    expect(await other.explainRoute(calls)).toMatchObject({
      to: 'primary',
      why: 'named() may write: it is volatile',
    })
    // Without the path it is missing there, and with its schema known everywhere.
    expect((await other.explainRoute('select public.named()')).to).toBe('standby')
    expect((await pool.explainRoute('select app.named()')).to).toBe('primary')
  })

  test('that were replaced or dropped are known as such after a minute', async () => {
    let now = 0
    const splitter = new Splitter({
      ask: async (names) => (await cluster.primary.query(FUNCTION_QUERY, [names])).rows,
      clock: () => now,
    })
    const calls = 'select replaced()'
    await run("create function replaced() returns int stable language sql as 'select 1'")
    expect((await splitter.explain(calls)).to).toBe('standby')
    const writing = "volatile language sql as 'insert into visits values (2) returning n'"
    await run(`create or replace function replaced() returns int ${writing}`)
    now = 59_999
    expect((await splitter.explain(calls)).to).toBe('standby')
    now = 60_000
    expect((await splitter.explain(calls)).why).toBe('replaced() may write: it is volatile')
    await run('drop function replaced')
    now = 120_000
    expect((await splitter.explain(calls)).why).toBe('no replaced() is found by the search path')
  })

  test('that were replaced within the minute run on the primary all the same, once', async () => {
    const calls = 'select renewed() as n'
    await run("create function renewed() returns int stable language sql as 'select 1'")
    expect((await pool.explainRoute(calls)).to).toBe('standby')
    const writing = "volatile language sql as 'insert into visits values (3) returning n'"
    await run(`create or replace function renewed() returns int ${writing}`)
    expect((await pool.query(calls)).rows).toEqual([{ n: 3 }])
    const { rows } = await cluster.primary.query('select n from visits where n = 3')
    expect(rows).toHaveLength(1)
    expect(await pool.explainRoute(calls)).toMatchObject({
      to: 'primary',
      why: expect.stringContaining('a standby refused it (25006'),
    })
  })
})

describe('what brings its own protocol', () => {
  const ROWS = 'select pg_is_in_recovery() as standby from generate_series(1, 3)'

  async function withClient(work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await pool.connect()
    try {
      await work(client)
    } finally {
      client.release()
    }
  }

  beforeAll(async () => {
    // From here on their functions are known.
    expect((await pool.explainRoute(ROWS)).to).toBe('standby')
  })

  test('a named statement is prepared wherever it runs', async () => {
    const named = { name: 'where', text: 'select $1::int as n, pg_is_in_recovery() as standby' }
    await withClient(async (client) => {
      expect((await client.query({ ...named, values: [1] })).rows).toEqual([{ n: 1, standby: true }])
      expect((await client.query({ ...named, values: [2] })).rows).toEqual([{ n: 2, standby: true }])
      await client.query('insert into visits values (4)')
      expect((await client.query({ ...named, values: [3] })).rows).toEqual([{ n: 3, standby: false }])
    })
    expect((await pool.query({ ...named, values: [4] })).rows).toEqual([{ n: 4, standby: true }])
  })

  test('a cursor that reads is served by a standby, in portions, and by the primary after a write', async () => {
    await withClient(async (client) => {
      const cursor = client.query(new Cursor<{ standby: boolean }>(ROWS))
      expect(await cursor.read(2)).toEqual([{ standby: true }, { standby: true }])
      expect(await cursor.read(2)).toEqual([{ standby: true }])
      await cursor.close()
      await client.query('insert into visits values (5)')
      const after = client.query(new Cursor<{ standby: boolean }>(ROWS))
      expect(await after.read(1)).toEqual([{ standby: false }])
      await after.close()
    })
  })

  test('a cursor of SQL stays where its transaction is', async () => {
    await withClient(async (client) => {
      await client.query('begin read only')
      await client.query(`declare rows cursor for ${ROWS}`)
      expect((await client.query('fetch 2 from rows')).rows).toEqual([{ standby: true }, { standby: true }])
      await client.query('commit')
    })
  })

  test('a stream of rows is served by a standby', async () => {
    await withClient(async (client) => {
      const rows = await client.query(new QueryStream(ROWS, [], { batchSize: 2 })).toArray()
      expect(rows).toEqual([{ standby: true }, { standby: true }, { standby: true }])
    })
  })

  test('copying out is served by a standby, copying in by the primary', async () => {
    const out = 'copy (select pg_is_in_recovery() from generate_series(1, 2)) to stdout'
    await withClient(async (client) => {
      expect(await text(client.query(to(out)))).toBe('t\nt\n')
      await pipeline(Readable.from(['6\n', '6\n']), client.query(from('copy visits from stdin')))
      expect(await text(client.query(to(out)))).toBe('f\nf\n')
    })
    expect((await cluster.primary.query('select n from visits where n = 6')).rows).toHaveLength(2)
  })
})
