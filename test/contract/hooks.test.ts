// What the application may plug into a pool: hooks for new clients, a client class, promises, a log, a password.
import pg, { type ClientBase, type PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { called, contract, failure, next } from './set-ups.ts'

contract('hooks', ({ setUp, whereKept }) => {
  const { open, login } = setUp

  test('onConnect gets each new client before anyone else', async () => {
    const prepared: ClientBase[] = []
    const pool = open({ onConnect: (client) => prepared.push(client) as never })
    const client = await pool.connect()
    expect(prepared).toEqual([client])
    client.release()
  })

  test('onConnect is awaited', async () => {
    const onConnect = async (client: ClientBase) => {
      await client.query('select pg_sleep(0.02)')
      await client.query("set application_name to 'prepared'")
    }
    const { rows } = await open({ onConnect }).query('show application_name')
    expect(rows).toEqual([{ application_name: 'prepared' }])
  })

  test('onConnect is done before connect is told', async () => {
    const order: string[] = []
    const pool = open({ onConnect: () => order.push('onConnect') as never })
    pool.on('connect', () => order.push('connect'))
    await pool.query('select 1')
    expect(order).toEqual(['onConnect', 'connect'])
  })

  whereKept('onConnect is not called for a client used again', async () => {
    let count = 0
    const pool = open({ onConnect: () => ++count as never })
    for (let use = 0; use < 3; use++) await pool.query('select 1')
    expect(count).toBe(1)
  })

  test('onConnect that rejects makes connect reject with its error and leaves no client', async () => {
    const onConnect = (async () => {
      throw new Error('not prepared')
    }) as () => void
    const pool = open({ onConnect })
    expect((await failure(pool.connect())).message).toBe('not prepared')
    expect((await failure(pool.query('select 1'))).message).toBe('not prepared')
    expect(pool.totalCount).toBe(0)
  })

  test('onConnect that throws makes connect reject with its error', async () => {
    const onConnect = () => {
      throw new Error('not prepared')
    }
    expect((await failure(open({ onConnect }).connect())).message).toBe('not prepared')
  })

  test('onConnect that fails once costs one caller only', async () => {
    let count = 0
    const onConnect = () => {
      count += 1
      if (count === 1) throw new Error('not prepared')
    }
    const pool = open({ max: 1, onConnect })
    const [first, second] = await Promise.allSettled([pool.query('select 1'), pool.query('select 2 as two')])
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'not prepared' } })
    expect(second).toMatchObject({ status: 'fulfilled', value: { rows: [{ two: 2 }] } })
  })

  test('verify may look at each new client before it is handed over', async () => {
    const seen: PoolClient[] = []
    const pool = open({
      verify: (client, done) => {
        seen.push(client)
        client.query('select 1', (error) => done(error))
      },
    })
    const client = await pool.connect()
    expect(seen).toEqual([client])
    client.release()
  })

  test('verify that fails makes connect reject with its error and removes the client', async () => {
    const pool = open({ verify: (_client, done) => done(new Error('not good enough')) })
    const removed = next(pool, 'remove')
    expect((await failure(pool.connect())).message).toBe('not good enough')
    await removed
    expect(pool.totalCount).toBe(0)
  })

  whereKept('verify is not called for a client used again', async () => {
    let count = 0
    const pool = open({
      verify: (_client, done) => {
        count += 1
        done()
      },
    })
    for (let use = 0; use < 3; use++) await pool.query('select 1')
    expect(count).toBe(1)
  })

  test('a Promise of the application is what connect, query and end return', async () => {
    class OwnPromise<T> extends Promise<T> {}
    const pool = open({ Promise: OwnPromise })
    const [connecting, querying] = [pool.connect(), pool.query('select 1')]
    expect([connecting, querying].every((promise) => promise instanceof OwnPromise)).toBe(true)
    ;(await connecting).release()
    await querying
    const ending = pool.end()
    expect(ending).toBeInstanceOf(OwnPromise)
    await ending
  })

  test('a client class of the application is what clients are made of', async () => {
    class OwnClient extends pg.Client {
      greeting(): string {
        return 'hello'
      }
    }
    const client = await open({ Client: OwnClient as never }).connect()
    expect(client).toBeInstanceOf(OwnClient)
    expect((client as unknown as OwnClient).greeting()).toBe('hello')
    client.release()
  })

  test('a client class of the application may look at every statement', async () => {
    const texts: unknown[] = []
    class WatchedClient extends pg.Client {
      override query(...args: unknown[]): never {
        texts.push(args[0])
        return super.query(...(args as [string])) as never
      }
    }
    await open({ Client: WatchedClient as never }).query('select 1')
    expect(texts).toEqual(['select 1'])
  })

  test('log is told what the pool does', async () => {
    const messages: unknown[] = []
    await open({ log: (...given) => messages.push(given[0]) }).query('select 1')
    expect(messages).toContain('new client connected')
  })

  test('a password may come from a function', async () => {
    const { password } = login()
    expect((await open({ password: () => password as string }).query('select 1 as one')).rows).toEqual([
      { one: 1 },
    ])
  })

  test('a password may come later, and is asked for anew for each client', async () => {
    let asked = 0
    const password = async () => {
      asked += 1
      return login().password as string
    }
    const pool = open({ password })
    const first = await pool.connect()
    const before = asked
    const second = await pool.connect()
    expect(asked).toBeGreaterThan(before)
    first.release()
    second.release()
  })

  test('a stream of the application is what clients speak through', async () => {
    const { Socket } = await import('node:net')
    class OwnSocket extends Socket {}
    const client = await open({ stream: () => new OwnSocket() }).connect()
    expect(client.connection.stream).toBeInstanceOf(OwnSocket)
    client.release()
  })

  test('a failed connect reaches a callback when onConnect was at fault', async () => {
    const onConnect = () => {
      throw new Error('not prepared')
    }
    const { given } = await called((callback) => open({ onConnect }).connect(callback))
    expect(given[0]).toMatchObject({ message: 'not prepared' })
  })
})
