// Connections that end by themselves: at rest, in the hands of a caller, under a statement.

import pg, { type PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { contract, failure, next, pidOf } from './set-ups.ts'

const NOT_QUERYABLE = 'Client has encountered a connection error and is not queryable'

contract('lost connections', ({ setUp, ask, terminate, whereKept }) => {
  const { open } = setUp

  /** The session sleeps before it is ended, so that the end meets the statement. */
  const terminateAsleep = async (pid: number): Promise<void> => {
    const text =
      "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'"
    await expect.poll(() => ask(text, [pid]), { interval: 5 }).toHaveLength(1)
  }

  const idleClient = async (pool: pg.Pool): Promise<{ client: PoolClient; pid: number }> => {
    const client = await pool.connect()
    const pid = await pidOf(client)
    client.release()
    return { client, pid }
  }

  whereKept('the end of an idle client is told by error, with the error and the client', async () => {
    const pool = open()
    const { client, pid } = await idleClient(pool)
    const told = next(pool, 'error')
    await terminate(pid)
    const [error, failed] = await told
    expect(error).toMatchObject({ code: '57P01' })
    expect(failed).toBe(client)
  })

  whereKept('the error of an idle client names its client', async () => {
    const pool = open()
    const { client, pid } = await idleClient(pool)
    const told = next(pool, 'error')
    await terminate(pid)
    expect(((await told)[0] as { client?: unknown }).client).toBe(client)
  })

  test('the end of an idle client is told by remove as well', async () => {
    const pool = open()
    pool.on('error', () => {})
    const { client, pid } = await idleClient(pool)
    const removed = next(pool, 'remove')
    await terminate(pid)
    expect(await removed).toEqual([client])
  })

  whereKept('the end of an idle client is told once', async () => {
    const pool = open()
    const errors: Error[] = []
    pool.on('error', (error) => errors.push(error))
    const { client, pid } = await idleClient(pool)
    const ended = next(client, 'end')
    await terminate(pid)
    await ended
    expect(errors).toHaveLength(1)
  })

  whereKept('a lost idle client is counted no more when error is told', async () => {
    const pool = open()
    const { pid } = await idleClient(pool)
    const counts = new Promise<number[]>((resolve) => {
      pool.on('error', () => resolve([pool.totalCount, pool.idleCount]))
    })
    await terminate(pid)
    expect(await counts).toEqual([0, 0])
  })

  whereKept('the pool goes on after the end of an idle client', async () => {
    const pool = open({ max: 1 })
    const { pid } = await idleClient(pool)
    const told = next(pool, 'error')
    await terminate(pid)
    await told
    expect(await pidOf(pool)).not.toBe(pid)
  })

  test('the pool goes on after the end of all idle clients at once', async () => {
    const pool = open()
    pool.on('error', () => {})
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
    const pids = await Promise.all(clients.map(pidOf))
    for (const client of clients) client.release()
    await Promise.all(pids.map(terminate))
    await expect.poll(() => pool.totalCount, { interval: 5 }).toBe(0)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('the end of a leased client is told to its holder, not by the pool', async () => {
    const pool = open()
    const errors: Error[] = []
    pool.on('error', (error) => errors.push(error))
    const client = await pool.connect()
    const told = next(client, 'error')
    // The end of the socket may follow as a second error.
    client.on('error', () => {})
    await terminate(await pidOf(client))
    expect(await told).toMatchObject([{ code: '57P01' }])
    client.release()
    expect(errors).toEqual([])
  })

  test('the statement under way on a leased client rejects', async () => {
    const pool = open()
    const client = await pool.connect()
    client.on('error', () => {})
    const pid = await pidOf(client)
    const ended = next(client, 'end')
    const sleeping = failure(client.query('select pg_sleep(10)'))
    await terminateAsleep(pid)
    expect((await sleeping).code).toBe('57P01')
    await ended
    client.release()
    expect(pool.totalCount).toBe(0)
  })

  test('all that is pending on a lost client rejects, each once and in order', async () => {
    const pool = open()
    const client = await pool.connect()
    client.on('error', () => {})
    const pid = await pidOf(client)
    const ended = next(client, 'end')
    const told: string[] = []
    const settled = ['select pg_sleep(10)', 'select 2', 'select 3'].map(
      (text, place) =>
        new Promise<void>((resolve) => {
          client.query(text, (error) => {
            told.push(`${place}: ${error ? 'rejected' : 'answered'}`)
            resolve()
          })
        }),
    )
    await terminateAsleep(pid)
    await Promise.all([...settled, ended])
    client.release()
    // Whatever else would call back has been called by the time another connection has answered.
    await pidOf(pool)
    expect(told).toEqual(['0: rejected', '1: rejected', '2: rejected'])
  })

  test('a later statement on a lost client rejects', async () => {
    const client = await open().connect()
    const ended = next(client, 'end')
    client.on('error', () => {})
    await terminate(await pidOf(client))
    await ended
    expect((await failure(client.query('select 1'))).message).toBe(NOT_QUERYABLE)
    client.release()
  })

  test('a lost client is not used again although it was released without an error', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const pid = await pidOf(client)
    const ended = next(client, 'end')
    client.on('error', () => {})
    await terminate(pid)
    await ended
    client.release()
    expect(pool.idleCount).toBe(0)
    expect(await pidOf(pool)).not.toBe(pid)
  })

  test('the release of a lost client lets the next one in', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const waiting = pool.connect()
    const ended = next(client, 'end')
    client.on('error', () => {})
    await terminate(await pidOf(client))
    await ended
    client.release()
    const other = await waiting
    expect(other).not.toBe(client)
    other.release()
  })

  whereKept('pool.query rejects when its session is ended by the server, and the pool goes on', async () => {
    const pool = open({ max: 1 })
    const { pid } = await idleClient(pool)
    const sleeping = failure(pool.query('select pg_sleep(10)'))
    await terminateAsleep(pid)
    expect((await sleeping).code).toBe('57P01')
    expect(await pidOf(pool)).not.toBe(pid)
  })

  whereKept('pool.query that lost its session tells it by release and remove, not by error', async () => {
    const pool = open({ max: 1 })
    const { client, pid } = await idleClient(pool)
    const errors: Error[] = []
    pool.on('error', (error) => errors.push(error))
    const [released, removed] = [next(pool, 'release'), next(pool, 'remove')]
    const sleeping = failure(pool.query('select pg_sleep(10)'))
    await terminateAsleep(pid)
    expect(await released).toEqual([await sleeping, client])
    expect(await removed).toEqual([client])
    expect(errors).toEqual([])
  })

  test('a connection lost under a Query object with a callback of its own is given back', async () => {
    const pool = open({ max: 1 })
    const acquired = next(pool, 'acquire')
    const told: unknown[] = []
    const query = new pg.Query('select pg_sleep(10)', (error) => told.push(error?.message))
    const outcome = failure(pool.query(query) as unknown as Promise<unknown>)
    const [client] = (await acquired) as [PoolClient]
    client.connection.stream.destroy()
    await outcome
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(told).toEqual(['Connection terminated unexpectedly'])
  })

  whereKept('end resolves although clients were lost before', async () => {
    const pool = open()
    const { pid } = await idleClient(pool)
    const told = next(pool, 'error')
    await terminate(pid)
    await told
    await pool.end()
    expect(pool.ended).toBe(true)
  })
})
