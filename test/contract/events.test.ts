// The events of a pool: which, in which order, with which arguments.

import type pg from 'pg'
import type { PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { contract, failure, next } from './set-ups.ts'

const NAMES = ['connect', 'acquire', 'release', 'remove', 'error'] as const

contract('events', ({ setUp, whereKept }) => {
  const { open } = setUp

  test('a first statement brings connect, acquire and release', async () => {
    const pool = open()
    const names = record(pool).map
    await pool.query('select 1')
    expect(names()).toEqual(['connect', 'acquire', 'release'])
  })

  whereKept('a later statement brings acquire and release', async () => {
    const pool = open()
    await pool.query('select 1')
    const names = record(pool).map
    await pool.query('select 1')
    expect(names()).toEqual(['acquire', 'release'])
  })

  test('a removed client brings release, then remove', async () => {
    const pool = open()
    const client = await pool.connect()
    const names = record(pool).map
    const removed = next(pool, 'remove')
    client.release(true)
    await removed
    expect(names()).toEqual(['release', 'remove'])
  })

  test('every event names the client', async () => {
    const pool = open()
    const { seen } = record(pool)
    const client = await pool.connect()
    const removed = next(pool, 'remove')
    client.release(true)
    await removed
    expect(seen).toEqual([
      ['connect', client],
      ['acquire', client],
      ['release', true, client],
      ['remove', client],
    ])
  })

  test('release brings no error where there was none', async () => {
    const pool = open()
    const released = next(pool, 'release')
    const client = await pool.connect()
    client.release()
    expect(await released).toEqual([undefined, client])
  })

  test('release brings the error a client was released with', async () => {
    const pool = open()
    const released = next(pool, 'release')
    const error = new Error('not fit any more')
    const client = await pool.connect()
    client.release(error)
    expect(await released).toEqual([error, client])
  })

  test('release brings the error that cost pool.query its connection', async () => {
    const pool = open({ query_timeout: 50 })
    const released = next(pool, 'release')
    const error = await failure(pool.query('select pg_sleep(3)'))
    expect((await released)[0]).toBe(error)
  })

  whereKept('release is told before the one who waits is served', async () => {
    const pool = open({ max: 1 })
    const client = await pool.connect()
    const names = record(pool).map
    const waiting = pool.connect()
    client.release()
    ;(await waiting).release()
    expect(names()).toEqual(['release', 'acquire', 'release'])
  })

  test('connect and acquire are told before the client is handed over', async () => {
    const pool = open()
    const order: string[] = []
    pool.on('connect', () => order.push('connect'))
    pool.on('acquire', () => order.push('acquire'))
    await new Promise<void>((resolve) => {
      pool.connect((_error, client) => {
        order.push('handed over')
        client?.release()
        resolve()
      })
    })
    expect(order).toEqual(['connect', 'acquire', 'handed over'])
  })

  test('a statement of a connect listener comes before that of the caller', async () => {
    const pool = open()
    pool.on('connect', (client) => {
      client.query("set application_name to 'prepared'").catch(() => {})
    })
    const { rows } = await pool.query('show application_name')
    expect(rows).toEqual([{ application_name: 'prepared' }])
  })

  whereKept('connect is told once for each new client', async () => {
    const pool = open({ max: 2 })
    const { seen } = record(pool)
    await Promise.all([1, 2, 3, 4].map(() => pool.query('select pg_sleep(0.01)')))
    const connected = seen.filter(([name]) => name === 'connect').map(([, client]) => client)
    expect([connected.length, new Set(connected).size]).toEqual([2, 2])
  })

  test('acquire and release are told once for each statement', async () => {
    const pool = open({ max: 2 })
    const names = record(pool).map
    await Promise.all([1, 2, 3, 4].map(() => pool.query('select 1')))
    const count = (name: string) => names().filter((other) => other === name).length
    // With several hosts a login may come about when whoever it was for has another connection: nobody's acquire and release.
    const spare = setUp.isMonitored ? Math.max(0, count('acquire') - 4) : 0
    expect([count('acquire'), count('release')]).toEqual([4 + spare, 4 + spare])
  })

  test('a connection that could not be made brings no event', async () => {
    const pool = open({ database: 'nowhere' })
    const names = record(pool).map
    await failure(pool.connect())
    expect(names()).toEqual([])
  })

  test('the end brings remove for every client', async () => {
    const pool = open()
    const clients = await Promise.all([pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    const removed: PoolClient[] = []
    pool.on('remove', (client) => removed.push(client))
    await pool.end()
    await expect.poll(() => removed.length, { interval: 5 }).toBe(2)
    expect(new Set(removed)).toEqual(new Set(clients))
  })

  whereKept('a listener may use the client it is told of', async () => {
    const pool = open()
    const answer = new Promise<unknown>((resolve, reject) => {
      pool.on('acquire', (client) => client.query('select 1 as one').then(resolve, reject))
    })
    ;(await pool.connect()).release()
    expect(await answer).toMatchObject({ rows: [{ one: 1 }] })
  })

  test('a listener may be taken away again', async () => {
    const pool = open()
    const seen: PoolClient[] = []
    const listener = (client: PoolClient) => {
      seen.push(client)
    }
    pool.on('acquire', listener)
    await pool.query('select 1')
    pool.removeListener('acquire', listener)
    await pool.query('select 1')
    expect(seen).toHaveLength(1)
  })

  test('a pool without listeners says so', () => {
    expect(NAMES.map((name) => open().listenerCount(name))).toEqual([0, 0, 0, 0, 0])
  })
})

function record(pool: pg.Pool) {
  const seen: unknown[][] = []
  for (const name of NAMES) {
    pool.on(name, (...args: unknown[]) => {
      seen.push([name, ...args])
    })
  }
  return { seen, map: () => seen.map(([name]) => name) }
}
