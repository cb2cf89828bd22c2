// What a statement may be beyond a text with values, and what goes on in a session besides results.
import pg from 'pg'
import { expect, test } from 'vitest'
import { called, contract, failure, next, pidOf } from './set-ups.ts'

contract('statements', ({ setUp, ask, whereKept }) => {
  const { open } = setUp

  whereKept('a named statement is prepared once and used again', async () => {
    const pool = open({ max: 1 })
    const named = (value: number) =>
      pool.query({ name: 'plus', text: 'select $1::int + 1 as sum', values: [value] })
    expect([(await named(1)).rows, (await named(2)).rows]).toEqual([[{ sum: 2 }], [{ sum: 3 }]])
    const { rows } = await pool.query('select name from pg_prepared_statements')
    expect(rows).toEqual([{ name: 'plus' }])
  })

  whereKept('a name may stand for one text only', async () => {
    const pool = open({ max: 1 })
    await pool.query({ name: 'taken', text: 'select 1' })
    const error = await failure(pool.query({ name: 'taken', text: 'select 2' }))
    expect(error.message).toBe(
      "Prepared statements must be unique - 'taken' was used for a different statement",
    )
  })

  test('a statement without text and name is refused', async () => {
    const error = await failure(open().query({} as never))
    expect(error.message).toBe('A query must have either text or a name. Supplying neither is unsupported.')
  })

  test('type parsers of the pool are used', async () => {
    const types = { getTypeParser: () => (value: string) => `parsed ${value}` }
    const { rows } = await open({ types: types as never }).query('select 1 as one')
    expect(rows).toEqual([{ one: 'parsed 1' }])
  })

  test('type parsers of the statement come before those of the pool', async () => {
    const parse = (by: string) => ({ getTypeParser: () => (value: string) => `${value} by ${by}` }) as never
    const pool = open({ types: parse('pool') })
    const { rows } = await pool.query({ text: 'select 1 as one', types: parse('statement') })
    expect(rows).toEqual([{ one: '1 by statement' }])
  })

  test('an exception in a type parser rejects, and the pool goes on', async () => {
    const pool = open({ max: 1 })
    const types = {
      getTypeParser: () => () => {
        throw new Error('cannot be parsed')
      },
    }
    const error = await failure(pool.query({ text: 'select 1', types: types as never }))
    expect(error.message).toBe('cannot be parsed')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  whereKept('a Query object reports its rows one by one, and the pool has its client back', async () => {
    const pool = open({ max: 1 })
    const query = new pg.Query('select n from generate_series(1, 3) n')
    const seen: unknown[] = []
    query.on('row', (row) => seen.push(row))
    await pool.query(query)
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(pool.idleCount).toBe(1)
  })

  test('a Query object takes a callback beside it', async () => {
    const { given } = await called((callback) =>
      (open() as { query(...args: unknown[]): unknown }).query(new pg.Query('select 1 as one'), callback),
    )
    expect(given).toMatchObject([undefined, { rows: [{ one: 1 }] }])
  })

  test('a Query object that fails rejects, and the pool goes on', async () => {
    const pool = open({ max: 1 })
    const outcome = pool.query(new pg.Query('select nonsense')) as unknown as Promise<unknown>
    expect((await failure(outcome)).code).toBe('42703')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('rows in portions come together in one result', async () => {
    const portions = { text: 'select n from generate_series(1, 5) n', rows: 2 }
    const pool = open({ max: 1 })
    expect((await pool.query(portions)).rows).toHaveLength(5)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('query_timeout of the pool rejects, and the pool goes on', async () => {
    const pool = open({ max: 1, query_timeout: 100 })
    const error = await failure(pool.query('select pg_sleep(3)'))
    expect(error.message).toBe('Query read timeout')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('query_timeout of the statement rejects', async () => {
    const pool = open({ max: 1 })
    const statement = { text: 'select pg_sleep(3)', query_timeout: 20 }
    expect((await failure(pool.query(statement))).message).toBe('Query read timeout')
  })

  test('a client whose statement timed out is not used again', async () => {
    const pool = open({ max: 1 })
    const pid = await pidOf(pool)
    await failure(pool.query({ text: 'select pg_sleep(3)', query_timeout: 20 } as pg.QueryConfig))
    expect(await pidOf(pool)).not.toBe(pid)
  })

  test('statement_timeout lets the server cancel', async () => {
    const error = await failure(open({ statement_timeout: 30 }).query('select pg_sleep(3)'))
    expect(error.code).toBe('57014')
  })

  whereKept('a statement cancelled from outside rejects, and the pool goes on', async () => {
    const pool = open({ max: 1 })
    const pid = await pidOf(pool)
    const acquired = next(pool, 'acquire')
    const sleeping = failure(pool.query("select pg_sleep(3), 'to be cancelled'"))
    await acquired
    await expect
      .poll(
        () =>
          ask('select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and query ~ $2', [
            pid,
            'cancelled',
          ]),
        { interval: 5 },
      )
      .toHaveLength(1)
    expect((await sleeping).code).toBe('57014')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('a client says how its transaction stands', async () => {
    const client = await open().connect()
    await client.query('select 1')
    const statuses = [client.getTransactionStatus()]
    await client.query('begin')
    statuses.push(client.getTransactionStatus())
    await failure(client.query('select nonsense'))
    // The error comes before the server says that it is ready again.
    await expect.poll(() => client.getTransactionStatus(), { interval: 5 }).toBe('E')
    statuses.push(client.getTransactionStatus())
    await client.query('rollback')
    statuses.push(client.getTransactionStatus())
    client.release()
    expect(statuses).toEqual(['I', 'T', 'E', 'I'])
  })

  whereKept(
    'a transaction begun by pool.query is met by the next statement that meets the same client',
    async () => {
      const pool = open({ max: 1 })
      await pool.query('begin')
      const [first, second] = [await pool.query('select now() t'), await pool.query('select now() t')]
      await pool.query('commit')
      expect(first.rows).toEqual(second.rows)
    },
  )

  test('a client that listens is notified', async () => {
    const client = await open().connect()
    await client.query('listen news')
    const notified = next(client, 'notification')
    await ask("select pg_notify('news', 'hello')")
    expect(await notified).toMatchObject([{ channel: 'news', payload: 'hello' }])
    await client.query('unlisten news')
    client.release()
  })

  test('a client hands on the notices of the server', async () => {
    const client = await open().connect()
    const noticed = next(client, 'notice')
    await client.query("do $$ begin raise notice 'by the way'; end $$")
    expect(await noticed).toMatchObject([{ message: 'by the way', severity: 'NOTICE' }])
    client.release()
  })

  test('statements queued on one client are answered in order', async () => {
    const client = await open().connect()
    const results = await Promise.all([1, 2].map((n) => client.query('select $1::int as n', [n])))
    client.release()
    expect(results.map(({ rows }) => rows)).toEqual([[{ n: 1 }], [{ n: 2 }]])
  })

  whereKept('an error on a client leaves the client with its holder', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    await failure(client.query('select nonsense'))
    expect([(await client.query('select 1 as one')).rows, pool.idleCount]).toEqual([[{ one: 1 }], 0])
    client.release()
    expect(pool.idleCount).toBe(1)
  })
})
