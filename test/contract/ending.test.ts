// The end of a pool: what it waits for, what it refuses, what it leaves behind.
import { expect, test } from 'vitest'
import { called, contract, failure, next } from './set-ups.ts'

const AFTER_END = 'Cannot use a pool after calling end on the pool'
const TWICE = 'Called end on pool more than once'

contract('ending', ({ setUp, ask, whereKept }) => {
  const { open } = setUp

  test('end resolves to nothing and the pool has ended', async () => {
    const pool = open()
    await pool.query('select 1')
    expect(await pool.end()).toBeUndefined()
    expect([pool.ending, pool.ended]).toEqual([true, true])
  })

  test('end takes a callback and then returns nothing', async () => {
    const pool = open()
    await pool.query('select 1')
    const { given, returned } = await called((callback) => pool.end(callback))
    expect([given[0], returned]).toEqual([undefined, undefined])
    expect(pool.ended).toBe(true)
  })

  test('a pool that was never used ends', async () => {
    const pool = open()
    await pool.end()
    expect(pool.ended).toBe(true)
  })

  test('a second end rejects', async () => {
    const pool = open()
    await pool.end()
    expect((await failure(pool.end())).message).toBe(TWICE)
  })

  test('a second end rejects also while the first is under way', async () => {
    const pool = open()
    const client = await pool.connect()
    const ending = pool.end()
    expect((await failure(pool.end())).message).toBe(TWICE)
    client.release()
    await ending
  })

  test('a second end hands the error to its callback', async () => {
    const pool = open()
    await pool.end()
    const { given } = await called((callback) => pool.end(callback))
    expect(given[0]).toMatchObject({ message: TWICE })
  })

  test('connect after the end rejects', async () => {
    const pool = open()
    await pool.end()
    expect((await failure(pool.connect())).message).toBe(AFTER_END)
  })

  test('connect after the end hands the error to its callback', async () => {
    const pool = open()
    await pool.end()
    const { given } = await called((callback) => pool.connect(callback))
    expect(given[0]).toMatchObject({ message: AFTER_END })
  })

  test('query after the end rejects', async () => {
    const pool = open()
    await pool.end()
    expect((await failure(pool.query('select 1'))).message).toBe(AFTER_END)
  })

  test('query after the end hands the error to its callback', async () => {
    const pool = open()
    await pool.end()
    const { given } = await called((callback) => pool.query('select 1', callback))
    expect(given[0]).toMatchObject({ message: AFTER_END })
  })

  test('connect is refused as soon as the end has begun', async () => {
    const pool = open()
    const client = await pool.connect()
    const ending = pool.end()
    expect((await failure(pool.connect())).message).toBe(AFTER_END)
    client.release()
    await ending
  })

  test('end waits for the clients that are out', async () => {
    const pool = open()
    const client = await pool.connect()
    const ending = pool.end()
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect([pool.ending, pool.ended]).toEqual([true, false])
    client.release()
    await ending
    expect(pool.ended).toBe(true)
  })

  test('end closes idle clients at once, also while others are out', async () => {
    const pool = open()
    const [out, idle] = await Promise.all([pool.connect(), pool.connect()])
    idle.release()
    const removed = next(pool, 'remove')
    const ending = pool.end()
    expect(await removed).toEqual([idle])
    out.release()
    await ending
  })

  test('a client released during the end is removed', async () => {
    const pool = open()
    const client = await pool.connect()
    const removed = next(pool, 'remove')
    const ending = pool.end()
    client.release()
    expect(await removed).toEqual([client])
    await ending
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([0, 0, 0])
  })

  whereKept('end leaves no session on the server', async () => {
    const pool = open({ application_name: 'to be gone' })
    await Promise.all([1, 2, 3].map(() => pool.query('select 1')))
    const sessions = () => ask("select 1 from pg_stat_activity where application_name = 'to be gone'")
    expect(await sessions()).not.toHaveLength(0)
    await pool.end()
    await expect.poll(sessions, { interval: 10 }).toHaveLength(0)
  })

  test('a statement under way is answered before the end', async () => {
    const pool = open()
    const acquired = next(pool, 'acquire')
    const answer = pool.query('select pg_sleep(0.05), 1 as one')
    await acquired
    await pool.end()
    expect((await answer).rows).toMatchObject([{ one: 1 }])
  })

  test('a statement whose connection is being made is answered before the end', async () => {
    const pool = open({ max: 2 })
    const holder = await pool.connect()
    const answer = pool.query('select 1 as one')
    const ending = pool.end()
    expect((await answer).rows).toEqual([{ one: 1 }])
    holder.release()
    await ending
  })
})
