// How many clients there may be, for how long, and how long one may wait for them.
import type pg from 'pg'
import { expect, test } from 'vitest'
import { Pool } from '../../src/index.ts'
import { contract, failure, next, pidOf } from './set-ups.ts'

const FULL = 'timeout exceeded when trying to connect'

contract('limits', ({ setUp, whereKept }) => {
  const { open } = setUp

  const release = async (pool: pg.Pool, count: number): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()))
    for (const client of clients) client.release()
  }

  test('an idle client is removed after idleTimeoutMillis', async () => {
    const pool = open({ idleTimeoutMillis: 20 })
    const removed = next(pool, 'remove')
    const client = await pool.connect()
    client.release()
    expect(await removed).toEqual([client])
    expect(pool.totalCount).toBe(0)
  })

  whereKept('all idle clients are removed after idleTimeoutMillis', async () => {
    const pool = open({ idleTimeoutMillis: 20 })
    await release(pool, 3)
    expect(pool.idleCount).toBe(3)
    await expect.poll(() => pool.totalCount, { interval: 5 }).toBe(0)
  })

  test('a client in use is not removed for idleness', async () => {
    const pool = open({ idleTimeoutMillis: 20 })
    const [kept, idle] = await Promise.all([pool.connect(), pool.connect()])
    const removed = next(pool, 'remove')
    idle.release()
    await removed
    expect((await kept.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    kept.release()
  })

  whereKept('idleTimeoutMillis 0 keeps idle clients', async () => {
    const [pool, other] = [open({ idleTimeoutMillis: 0 }), open({ idleTimeoutMillis: 50 })]
    await release(pool, 1)
    const removed = next(other, 'remove')
    await release(other, 1)
    await removed
    expect(pool.idleCount).toBe(1)
  })

  whereKept('min clients stay when the others are removed for idleness', async () => {
    const [pool, later] = [open({ idleTimeoutMillis: 30, min: 1 }), open({ idleTimeoutMillis: 60 })]
    const removed = next(pool, 'remove')
    await release(pool, 3)
    await removed
    const laterRemoved = next(later, 'remove')
    await release(later, 1)
    await laterRemoved
    // Of a cluster, each node that may become the primary keeps them.
    const kept = pool instanceof Pool ? pool.cluster.nodes.length : 1
    await expect.poll(() => [pool.totalCount, pool.idleCount]).toEqual([kept, kept])
  })

  whereKept('a client is removed after maxUses statements', async () => {
    const pool = open({ max: 1, maxUses: 2 })
    const pids = []
    for (let use = 0; use < 4; use++) pids.push(await pidOf(pool))
    expect(pids[0]).toBe(pids[1])
    expect(pids[2]).toBe(pids[3])
    expect(pids[1]).not.toBe(pids[2])
  })

  whereKept('a client is removed after maxUses checkouts, whatever is done with it', async () => {
    const pool = open({ max: 1, maxUses: 2 })
    ;(await pool.connect()).release()
    expect(pool.totalCount).toBe(1)
    ;(await pool.connect()).release()
    expect(pool.totalCount).toBe(0)
  })

  test('those who wait are served although maxUses ends every client', async () => {
    const pool = open({ max: 1, maxUses: 1 })
    const pids = await Promise.all([1, 2, 3].map(() => pidOf(pool)))
    expect(new Set(pids).size).toBe(3)
  })

  test('an idle client is removed after maxLifetimeSeconds', async () => {
    const pool = open({ maxLifetimeSeconds: 0.05 })
    const removed = next(pool, 'remove')
    const client = await pool.connect()
    client.release()
    expect(await removed).toEqual([client])
  })

  test('a client whose life is over while it is out is counted as expired and removed at its release', async () => {
    const pool = open({ maxLifetimeSeconds: 0.05 })
    const client = await pool.connect()
    await expect.poll(() => pool.expiredCount, { interval: 5 }).toBe(1)
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    client.release()
    expect([pool.totalCount, pool.expiredCount]).toEqual([0, 0])
  })

  whereKept('maxLifetimeSeconds 0 lets clients live', async () => {
    const [pool, other] = [open({ maxLifetimeSeconds: 0 }), open({ maxLifetimeSeconds: 0.05 })]
    await release(pool, 1)
    const removed = next(other, 'remove')
    await release(other, 1)
    await removed
    expect([pool.totalCount, pool.expiredCount]).toEqual([1, 0])
  })

  test('connect rejects when no client came free within connectionTimeoutMillis', async () => {
    const pool = open({ max: 1, connectionTimeoutMillis: 700 })
    const client = await pool.connect()
    expect((await failure(pool.connect())).message).toBe(FULL)
    expect(pool.waitingCount).toBe(0)
    client.release()
  })

  test('pool.query rejects when no client came free within connectionTimeoutMillis', async () => {
    const pool = open({ max: 1, connectionTimeoutMillis: 700 })
    const client = await pool.connect()
    expect((await failure(pool.query('select 1'))).message).toBe(FULL)
    client.release()
  })

  whereKept('one who gave up waiting takes no client away from others', async () => {
    const pool = open({ max: 1, connectionTimeoutMillis: 700 })
    const client = await pool.connect()
    await failure(pool.connect())
    client.release()
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
    const again = await pool.connect()
    expect(again).toBe(client)
    again.release()
  })

  test('one who is served in time is not timed out later', async () => {
    const pool = open({ max: 1, connectionTimeoutMillis: 700 })
    const client = await pool.connect()
    const waiting = pool.connect()
    client.release()
    const second = await waiting
    await second.query('select pg_sleep(0.2)')
    expect((await second.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    second.release()
  })

  test('a statement may take longer than connectionTimeoutMillis', async () => {
    const { rows } = await open({ connectionTimeoutMillis: 700 }).query('select pg_sleep(0.8), 1 as one')
    expect(rows).toMatchObject([{ one: 1 }])
  })
})
