// AbortSignal on query, connect and transaction: a waiting request leaves, a running one is cancelled on its server, and what
// became of it is told as it is. On every engine, on a cluster and on one host.
import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OutcomeUnknownError, type Pool, type PoolOptions } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { POOL_ENGINES } from '../../support/pool-engines.ts'
import { rejection } from '../../support/workload.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, synchronous: true })
  await cluster.primary.query('create table t (n int)')
})
afterAll(() => cluster.stop())

const places: readonly (readonly [string, () => PoolOptions])[] = [
  ['a cluster', () => ({ connectionString: cluster.url })],
  ['one host', () => ({ connectionString: cluster.primary.url })],
]
const setUps = POOL_ENGINES.flatMap(([engine, poolEngine]) =>
  places.map(([place, login]) => ({
    name: `${engine} on ${place}`,
    open: (options: PoolOptions = {}) => disposablePool({ ...login(), poolEngine, ...options }),
  })),
)

async function running(text: string): Promise<number> {
  return until(async () => {
    const asked = 'select pid from pg_stat_activity where query = $1 and state = $2'
    const { rows } = await cluster.primary.query<{ pid: number }>(asked, [text, 'active'])
    return rows[0]?.pid ?? null
  }, `${text} to run`)
}

async function untilOver(pid: number): Promise<void> {
  await until(async () => {
    const asked = `select 1 from pg_stat_activity where pid = $1 and state = 'active'`
    const { rowCount } = await cluster.primary.query(asked, [pid])
    return rowCount === 0 ? true : null
  }, 'the statement to be cancelled')
}

async function count(n: number): Promise<number> {
  const { rowCount } = await cluster.primary.query('select 1 from t where n = $1', [n])
  return rowCount ?? -1
}

describe.each(setUps)('$name', ({ open }) => {
  test('a statement whose signal is aborted already is not sent, and rejects with the reason', async () => {
    await using pool = open()
    const reason = new Error('no longer wanted')
    const signal = AbortSignal.abort(reason)
    const texts = ['insert into t values (-1)', 'select 1']
    for (const text of texts) expect(await rejection(pool.query({ text, signal }))).toBe(reason)
    expect(await rejection(pool.connect({ signal }))).toBe(reason)
    const transaction = pool.transaction((tx) => tx.query('insert into t values (-1)'), { signal })
    expect(await rejection(transaction)).toBe(reason)
    expect(await count(-1)).toBe(0)
  })

  test('who waits for a connection leaves the line at once, and those behind are served', async () => {
    await using pool = open({ max: 1 })
    const held = await pool.connect()
    const abort = new AbortController()
    const { signal } = abort
    const given = [
      rejection(pool.query({ text: 'insert into t values (-2)', signal })),
      rejection(pool.connect({ signal })),
      rejection(pool.transaction((tx) => tx.query('insert into t values (-2)'), { signal })),
    ]
    const behind = pool.query<{ n: number }>('select 2 as n')
    await until(() => (pool.waitingCount === 4 ? true : null), 'all to wait')
    abort.abort()
    for (const error of await Promise.all(given)) expect(error).toBe(signal.reason)
    expect(pool.waitingCount).toBe(1)
    held.release()
    expect((await behind).rows).toEqual([{ n: 2 }])
    expect(await count(-2)).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('a crowd that leaves the line hinders none of those behind it', async () => {
    await using pool = open({ max: 2 })
    const held = await Promise.all([pool.connect(), pool.connect()])
    const abort = new AbortController()
    const gone = Array.from({ length: 20 }, () => rejection(pool.connect({ signal: abort.signal })))
    await until(() => (pool.waitingCount === 20 ? true : null), 'all to wait')
    abort.abort()
    await Promise.all(gone)
    const behind = [pool.query('select 1'), pool.query('select 1')]
    for (const client of held) client.release()
    await Promise.all(behind)
    expect(pool.totalCount).toBeLessThanOrEqual(2)
  })

  test('a running statement is cancelled on its server, and its connection serves on', async () => {
    await using pool = open({ max: 1 })
    const text = 'select 3 as n from pg_sleep(100)'
    const abort = new AbortController()
    const query = rejection(pool.query({ text, signal: abort.signal }))
    const pid = await running(text)
    abort.abort()
    expect(await query).toBe(abort.signal.reason)
    await untilOver(pid)
    expect((await pool.query<{ n: number }>('select 3 as n')).rows).toEqual([{ n: 3 }])
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
  })

  test('a cancelled write rejects with the reason, and is not there', async () => {
    await using pool = open()
    const text = 'insert into t select $1 from pg_sleep(100)'
    const abort = new AbortController()
    const query = rejection(pool.query({ text, values: [4], signal: abort.signal }))
    await running(text)
    abort.abort()
    expect(await query).toBe(abort.signal.reason)
    expect(await count(4)).toBe(0)
  })

  test('a transaction is cancelled on its server with what it runs, and is not there', async () => {
    await using pool = open()
    const abort = new AbortController()
    const text = 'insert into t select 5 from pg_sleep(100)'
    const transaction = rejection(pool.transaction((tx) => tx.query(text), { signal: abort.signal }))
    const pid = await running(text)
    abort.abort()
    expect(await transaction).toBe(abort.signal.reason)
    await untilOver(pid)
    expect(await count(5)).toBe(0)
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
  })

  test('an abort after the answer changes nothing, and nobody listens any more', async () => {
    await using pool = open()
    const abort = new AbortController()
    const { signal } = abort
    const { rows } = await pool.query<{ n: number }>({ text: 'select 6 as n', signal })
    const client = await pool.connect({ signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    abort.abort()
    expect((await client.query('select 1')).rowCount).toBe(1)
    client.release()
    expect(rows).toEqual([{ n: 6 }])
  })

  test('a late cancel request meets no other statement of the same connection', async () => {
    await using pool = open({ max: 1 })
    for (let i = 0; i < 10; i++) {
      const abort = new AbortController()
      const first = pool.query({ text: 'select 1', signal: abort.signal }).catch((error: unknown) => error)
      setImmediate(() => abort.abort())
      await first
      expect((await pool.query<{ n: number }>('select 7 as n from pg_sleep(0.002)')).rows).toEqual([{ n: 7 }])
    }
  })
})

test('with a callback, the reason comes to it', async () => {
  await using pool = disposablePool({ connectionString: cluster.url })
  const reason = new Error('over')
  const error = await new Promise((resolve) => {
    void pool.query({ text: 'select 1', signal: AbortSignal.abort(reason) }, resolve)
  })
  expect(error).toBe(reason)
})

test('anything but a signal is refused at once', () => {
  const pool = disposablePool({ connectionString: cluster.url })
  expect(() => pool.query({ text: 'select 1', signal: 5 as never })).toThrow(TypeError)
  expect(() => pool.connect({ signal: {} as never })).toThrow(TypeError)
})

describe('without its standby', () => {
  test('a write that waits for one is cut off, and is in doubt: it is applied here alone', async () => {
    await using pool = disposablePool({ connectionString: cluster.url })
    await pool.query('select 1')
    await Promise.all(cluster.standbys.map((standby) => standby.pause()))
    const abort = new AbortController()
    const query = rejection(
      pool.query({ text: 'insert into t values ($1)', values: [8], signal: abort.signal }),
    )
    await until(async () => {
      const asked = `select 1 from pg_stat_activity where wait_event = 'SyncRep'`
      return (await cluster.primary.query(asked)).rowCount === 1 ? true : null
    }, 'the commit to wait')
    abort.abort()
    const error = await query
    await Promise.all(cluster.standbys.map((standby) => standby.resume()))
    expect(error).toBeInstanceOf(OutcomeUnknownError)
    expect(error.cause).toBe(abort.signal.reason)
  })
})

describe('while no primary answers', () => {
  test('who waits for a successor leaves at once; what a silent primary was running is told as it is', async () => {
    await using pool: Pool & AsyncDisposable = disposablePool({ connectionString: cluster.url })
    await pool.query('select 1')
    const old = cluster.primary
    const text = 'insert into t select 9 from pg_sleep(100)'
    const abort = new AbortController()
    const { signal } = abort
    const write = rejection(pool.query({ text, signal }))
    const read = rejection(pool.read.query({ text: 'select 9 from pg_sleep(100)', signal }))
    await running(text)
    await old.pause()
    abort.abort()
    expect([await write, await read]).toContain(signal.reason)
    await old.resume()
    await old.kill()
    await until(() => (pool.cluster.primary === null ? true : null), 'the death to be noticed')
    const second = new AbortController()
    const waiting = [
      rejection(pool.query({ text: 'insert into t values (10)', signal: second.signal })),
      rejection(pool.connect({ signal: second.signal })),
      rejection(pool.transaction((tx) => tx.query('insert into t values (10)'), { signal: second.signal })),
    ]
    await until(() => (pool.waitingCount === 3 ? true : null), 'all to wait for a primary')
    second.abort()
    expect(pool.waitingCount).toBe(0)
    for (const error of await Promise.all(waiting)) expect(error).toBe(second.signal.reason)
    await (await cluster.mostAdvancedStandby()).promote()
    await pool.query('insert into t values (11)')
    const { rows } = await pool.query<{ n: number }>('select n from t where n in (9, 10, 11)')
    expect(rows).toEqual([{ n: 11 }])
  })
})
