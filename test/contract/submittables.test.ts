// Queries that bring their own protocol: cursors, streams of rows, copies both ways, statements in a pipeline.
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from, to } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { expect, test } from 'vitest'
import { contract, failure } from './set-ups.ts'

const THREE = 'select n from generate_series(1, 3) n order by n'

contract('submittables', ({ setUp, ask, whereKept }) => {
  const { open } = setUp

  whereKept('a cursor reads a client’s rows in portions, and leaves the client as it was', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const cursor = client.query(new Cursor<{ n: number }>(THREE))
    expect([await cursor.read(2), await cursor.read(2)]).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 3 }]])
    await cursor.close()
    client.release()
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(pool.totalCount).toBe(1)
  })

  test('a cursor that fails says so, and the client goes on', async () => {
    const client = await open().connect()
    const cursor = client.query(new Cursor('select nonsense'))
    expect((await failure(cursor.read(1))).code).toBe('42703')
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    client.release()
  })

  test('a stream of rows ends with the last one', async () => {
    const client = await open().connect()
    const rows = await client.query(new QueryStream(THREE, [], { batchSize: 2 })).toArray()
    expect(rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    client.release()
  })

  test('a stream of rows that is left early gives the client back whole', async () => {
    const client = await open().connect()
    for await (const row of client.query(new QueryStream('select generate_series(1, 1000) n'))) {
      if (row.n === 2) break
    }
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    client.release()
  })

  test('rows are copied in, and copied out', async () => {
    await ask('create table if not exists copied (n int, set_up text)')
    const client = await open().connect()
    const lines = [1, 2, 3].map((n) => `${n}\t${setUp.name}\n`)
    await pipeline(Readable.from(lines), client.query(from('copy copied from stdin')))
    const mine = `copy (select n from copied where set_up = '${setUp.name}' order by n) to stdout`
    expect(await text(client.query(to(mine)))).toBe('1\n2\n3\n')
    client.release()
  })

  test('a copy that is refused copies nothing, and the client goes on', async () => {
    await ask('create table if not exists refused (n int)')
    const client = await open().connect()
    const copying = pipeline(Readable.from(['1\n', 'two\n']), client.query(from('copy refused from stdin')))
    expect((await failure(copying)).code).toBe('22P02')
    expect((await client.query('select * from refused')).rows).toEqual([])
    client.release()
  })

  test('statements in a pipeline are answered in order, each with its own outcome', async () => {
    const client = await open({ pipeline: true } as pg.PoolConfig).connect()
    const outcomes = await Promise.allSettled(
      ['select 1 as n', 'select nonsense', 'select 3 as n'].map((each) => client.query(each)),
    )
    expect(outcomes).toMatchObject([
      { value: { rows: [{ n: 1 }] } },
      { reason: { code: '42703' } },
      { value: { rows: [{ n: 3 }] } },
    ])
    client.release()
  })

  test('pool.query works where its clients are pipelines, and a cursor is refused there', async () => {
    const pool = open({ pipeline: true } as pg.PoolConfig)
    const results = await Promise.all([1, 2, 3].map((n) => pool.query('select $1::int as n', [n])))
    expect(results.map(({ rows }) => rows)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]])
    const client = await pool.connect()
    const cursor = client.query(new Cursor(THREE))
    expect((await failure(cursor.read(1))).message).toMatch(/not supported in pipeline mode/)
    client.release()
  })
})
