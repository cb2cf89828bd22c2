// Taking a client out of the pool and giving it back.
import type { PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { called, contract, failure, next, pidOf } from './set-ups.ts'

const DOUBLE_RELEASE = 'Release called on client which has already been released to the pool.'

contract('connecting', ({ setUp, whereKept }) => {
  const { open } = setUp

  test('connect resolves to a client that runs statements', async () => {
    const client = await open().connect()
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    client.release()
  })

  whereKept('connect with a callback gives a client and its release, and returns nothing', async () => {
    const pool = open()
    const { given, returned } = await called((callback) => pool.connect(callback))
    const [error, client, done] = given as [unknown, PoolClient, () => void]
    expect([error, returned]).toEqual([undefined, undefined])
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(client.release).toBe(done)
    done()
    expect(pool.idleCount).toBe(1)
  })

  whereKept('a released client is kept and handed out again', async () => {
    const pool = open()
    const client = await pool.connect()
    client.release()
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
    const again = await pool.connect()
    expect(again).toBe(client)
    again.release()
  })

  whereKept('a client released with false is kept', async () => {
    const pool = open()
    const client = await pool.connect()
    client.release(false)
    expect(pool.idleCount).toBe(1)
  })

  test('a client released with true is removed', async () => {
    const pool = open()
    const client = await pool.connect()
    const removed = next(pool, 'remove')
    client.release(true)
    expect([pool.totalCount, pool.idleCount]).toEqual([0, 0])
    expect(await removed).toEqual([client])
  })

  test('a client released with an error is removed', async () => {
    const pool = open()
    const client = await pool.connect()
    const removed = next(pool, 'remove')
    client.release(new Error('not fit any more'))
    expect(pool.totalCount).toBe(0)
    expect(await removed).toEqual([client])
  })

  test('a client removed is followed by a new one', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const pid = await pidOf(client)
    client.release(true)
    expect(await pidOf(pool)).not.toBe(pid)
  })

  test('releasing twice throws', async () => {
    const client = await open().connect()
    client.release()
    expect(() => client.release()).toThrow(DOUBLE_RELEASE)
  })

  test('releasing twice throws also after a removal', async () => {
    const client = await open().connect()
    client.release(true)
    expect(() => client.release()).toThrow(DOUBLE_RELEASE)
  })

  test('the release function of an earlier holder throws and leaves the client to the present one', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const stale = client.release.bind(client)
    client.release()
    const again = await pool.connect()
    expect(() => stale()).toThrow(DOUBLE_RELEASE)
    expect(pool.idleCount).toBe(0)
    again.release()
  })

  whereKept('the client given back last is handed out first', async () => {
    const pool = open()
    const [first, second] = await Promise.all([pool.connect(), pool.connect()])
    first.release()
    second.release()
    const client = await pool.connect()
    expect(client).toBe(second)
    client.release()
  })

  whereKept('never makes more clients than max', async () => {
    const pool = open({ max: 2 })
    const clients = await Promise.all([pool.connect(), pool.connect()])
    const waiting = pool.connect()
    expect([pool.totalCount, pool.waitingCount]).toEqual([2, 1])
    clients[0].release()
    expect(await waiting).toBe(clients[0])
    for (const client of clients) client.release()
  })

  test('serves those who wait in the order they came', async () => {
    const pool = open({ max: 1 })
    const holder = await pool.connect()
    const served: number[] = []
    const waiting = [1, 2, 3].map(async (place) => {
      const client = await pool.connect()
      served.push(place)
      client.release()
    })
    expect(pool.waitingCount).toBe(3)
    holder.release()
    await Promise.all(waiting)
    expect(served).toEqual([1, 2, 3])
  })

  test('a removed client makes room for those who wait', async () => {
    const pool = open({ max: 1 })
    const holder = await pool.connect()
    const waiting = pool.connect()
    holder.release(true)
    const client = await waiting
    expect(client).not.toBe(holder)
    client.release()
  })

  whereKept('counts clients, idle clients and those who wait at every step', async () => {
    const pool = open({ max: 1 })
    const counts = () => [pool.totalCount, pool.idleCount, pool.waitingCount]
    const client = await pool.connect()
    const leased = counts()
    const waiting = pool.connect()
    const waited = counts()
    client.release()
    const second = await waiting
    const handedOn = counts()
    second.release()
    expect([leased, waited, handedOn, counts()]).toEqual([
      [1, 0, 0],
      [1, 0, 1],
      [1, 0, 0],
      [1, 1, 0],
    ])
  })

  test('makes a further client in the same tick as the call', async () => {
    const pool = open()
    const first = await pool.connect()
    const second = pool.connect()
    expect(pool.totalCount).toBe(2)
    first.release()
    ;(await second).release()
  })

  test('listens to no error of a client while it is out', async () => {
    const pool = open()
    const client = await pool.connect()
    expect(client.listenerCount('error')).toBe(0)
    client.release()
    expect(client.listenerCount('error')).toBe(1)
  })

  whereKept('leaves no listeners behind on a client that goes out and in', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    client.release()
    const listeners = () => client.eventNames().map((name) => [name, client.listenerCount(name)])
    const before = listeners()
    for (let round = 0; round < 15; round++) (await pool.connect()).release()
    for (let round = 0; round < 15; round++) await pool.query('select 1')
    expect(listeners()).toEqual(before)
  })

  whereKept('keeps the listeners the application put on a client', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const listener = () => {}
    client.on('notice', listener)
    client.release()
    const again = await pool.connect()
    expect(again.listeners('notice')).toEqual([listener])
    again.release()
  })

  test('a client that the application ended is removed at its release', async () => {
    const pool = open()
    const client = await pool.connect()
    await client.end()
    client.release()
    expect(pool.totalCount).toBe(0)
  })

  test('a wrong password rejects connect with the SQLSTATE of the server', async () => {
    const pool = open({ password: 'wrong' })
    expect((await failure(pool.connect())).code).toBe('28P01')
    expect(pool.totalCount).toBe(0)
  })

  test('an unknown database rejects connect with the SQLSTATE of the server', async () => {
    const error = await failure(open({ database: 'nowhere' }).connect())
    expect(error.code).toBe('3D000')
  })

  test('a failed connect gives the callback the error, no client, and a release that does nothing', async () => {
    const { given } = await called((callback) => open({ database: 'nowhere' }).connect(callback))
    const [error, client, done] = given
    expect(error).toMatchObject({ code: '3D000' })
    expect(client).toBeUndefined()
    expect(done).not.toThrow()
  })
})
