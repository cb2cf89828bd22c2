// pool.query: its forms, its results, its failures.
import pg from 'pg'
import { expect, test } from 'vitest'
import { called, contract, failure } from './set-ups.ts'

contract('querying', ({ setUp, ask, whereKept }) => {
  const { open } = setUp

  test('resolves to the result of a text', async () => {
    const result = await open().query('select 1 as one')
    expect(result).toMatchObject({ command: 'SELECT', rowCount: 1, rows: [{ one: 1 }] })
    expect(result.fields.map((field) => field.name)).toEqual(['one'])
  })

  test('sends values beside the text', async () => {
    const { rows } = await open().query('select $1::text as a, $2::int as b', ['x', 2])
    expect(rows).toEqual([{ a: 'x', b: 2 }])
  })

  test('takes an object with text and values', async () => {
    const { rows } = await open().query({ text: 'select $1::text as a', values: ['x'] })
    expect(rows).toEqual([{ a: 'x' }])
  })

  test('takes an object and values beside it', async () => {
    const { rows } = await open().query({ text: 'select $1::text as a' }, ['x'])
    expect(rows).toEqual([{ a: 'x' }])
  })

  test('gives rows as arrays where asked', async () => {
    const { rows } = await open().query({ text: 'select 1, 2', rowMode: 'array' })
    expect(rows).toEqual([[1, 2]])
  })

  test('gives one result for each of several statements', async () => {
    const results = (await open().query('select 1 as a; select 2 as b')) as unknown as pg.QueryResult[]
    expect(results.map(({ rows }) => rows)).toEqual([[{ a: 1 }], [{ b: 2 }]])
  })

  test('gives an empty result for an empty text', async () => {
    expect(await open().query('')).toMatchObject({ command: null, rows: [] })
  })

  test('sends null and undefined as null', async () => {
    const { rows } = await open().query('select $1::int as a, $2::int as b', [null, undefined])
    expect(rows).toEqual([{ a: null, b: null }])
  })

  test('carries arrays, JSON, bytes and dates both ways', async () => {
    const given = { a: [1, 2], j: { k: [true] }, b: Buffer.from('ab'), d: new Date(0) }
    const { rows } = await open().query('select $1::int[] a, $2::jsonb j, $3::bytea b, $4::timestamptz d', [
      given.a,
      given.j,
      given.b,
      given.d,
    ])
    expect(rows).toEqual([given])
  })

  test('hands the result to a callback and returns nothing', async () => {
    const { given, returned } = await called((callback) => open().query('select 1 as one', callback))
    expect(given).toMatchObject([undefined, { rows: [{ one: 1 }] }])
    expect(returned).toBeUndefined()
  })

  test('takes a callback after the values', async () => {
    const { given } = await called((callback) => open().query('select $1::text as a', ['x'], callback))
    expect(given).toMatchObject([undefined, { rows: [{ a: 'x' }] }])
  })

  test('takes a callback after an object', async () => {
    const { given } = await called((callback) =>
      open().query({ text: 'select $1::text as a', values: ['x'] }, callback),
    )
    expect(given).toMatchObject([undefined, { rows: [{ a: 'x' }] }])
  })

  test("rejects with the server's own error, SQLSTATE and all", async () => {
    const pool = open()
    await ask('create table if not exists unique_rows (id int primary key)')
    await ask('insert into unique_rows values (1) on conflict do nothing')
    const error = await failure(pool.query('insert into unique_rows values (1)'))
    expect(error).toBeInstanceOf(pg.DatabaseError)
    expect(error).toMatchObject({
      code: '23505',
      severity: 'ERROR',
      constraint: 'unique_rows_pkey',
      detail: 'Key (id)=(1) already exists.',
    })
  })

  test('hands an error to the callback, without a result', async () => {
    const { given } = await called((callback) => open().query('select nonsense', callback))
    expect(given).toMatchObject([{ code: '42703' }])
    expect(given[1]).toBeUndefined()
  })

  test('hands a connection error to the callback', async () => {
    const { given } = await called((callback) => open({ database: 'nowhere' }).query('select 1', callback))
    expect(given).toMatchObject([{ code: '3D000' }])
  })

  test('rejects with the connection error where no client could be made', async () => {
    const pool = open({ database: 'nowhere' })
    expect((await failure(pool.query('select 1'))).code).toBe('3D000')
    expect(pool.totalCount).toBe(0)
  })

  test('gives errors a stack that leads to the caller', async () => {
    const error = await failure(open().query('select nonsense'))
    expect(error.stack).toContain('querying.test.ts')
  })

  test('goes on after a failed statement', async () => {
    const pool = open({ max: 1 })
    await failure(pool.query('select nonsense'))
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('goes on after twenty failed statements at once', async () => {
    const pool = open({ max: 3 })
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(pool.query('select nonsense'))))
    expect(errors.every((error) => error.code === '42703')).toBe(true)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('refuses a function as the first argument, by that function', async () => {
    const { given, returned } = await called((callback) => open().query(callback as never))
    const message = 'Passing a function as the first parameter to pool.query is not supported'
    expect(given).toMatchObject([{ message }])
    expect(returned).toBeUndefined()
  })

  test('rejects where there is no statement, and goes on', async () => {
    const pool = open({ max: 1 })
    for (const nothing of [undefined, null]) {
      const error = await failure(pool.query(nothing as never))
      expect(error.message).toBe('Client was passed a null or undefined query')
    }
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('rejects values that are no array, and goes on', async () => {
    const pool = open({ max: 1 })
    const error = await failure(pool.query('select $1::text', 'x' as never))
    expect(error.message).toBe('Query values must be an array')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('rejects where a value cannot be written out, and goes on', async () => {
    const pool = open({ max: 1 })
    const value = {
      toPostgres() {
        throw new Error('cannot be written')
      },
    }
    expect((await failure(pool.query('select $1::text', [value]))).message).toBe('cannot be written')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  whereKept('runs statements one after the other where there is one client', async () => {
    const pool = open({ max: 1 })
    const done: number[] = []
    const run = async (place: number, seconds: number) => {
      await pool.query('select pg_sleep($1)', [seconds])
      done.push(place)
    }
    await Promise.all([run(1, 0.05), run(2, 0), run(3, 0)])
    expect(done).toEqual([1, 2, 3])
    expect(pool.totalCount).toBe(1)
  })

  test('runs statements side by side where there are several clients', async () => {
    const pool = open({ max: 2 })
    const done: number[] = []
    const run = async (place: number, seconds: number) => {
      await pool.query('select pg_sleep($1)', [seconds])
      done.push(place)
    }
    const clients = await Promise.all([pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    await Promise.all([run(1, 0.3), run(2, 0)])
    expect(done).toEqual([2, 1])
  })

  whereKept('has its client back before the result is handed over', async () => {
    const pool = open()
    const idle: number[] = []
    await called((callback) =>
      pool.query('select 1', () => {
        idle.push(pool.idleCount)
        callback()
      }),
    )
    expect(idle).toEqual([1])
  })

  test('leaves transactions to clients: what one rolls back is gone', async () => {
    const pool = open()
    await ask('create table if not exists rolled_back (id int)')
    const client = await pool.connect()
    await client.query('begin')
    await client.query('insert into rolled_back values (1)')
    await client.query('rollback')
    client.release()
    expect((await pool.query('select * from rolled_back')).rows).toEqual([])
  })
})
