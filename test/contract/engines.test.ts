// What an engine other than pg-pool does beyond the contract, or instead of it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, Pool, PoolFullError, type PoolOptions } from '../../src/index.ts'
import { type GenericPoolOptions, genericPool } from '../../src/pooling/engines/generic-pool.ts'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { onOtherEngines } from './differences.ts'
import { failure, next, pidOf } from './set-ups.ts'

let cluster: Cluster
const opened: pg.Pool[] = []

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 })
}, 60_000)
afterAll(() => cluster?.stop())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.end()))
})

function open<P extends pg.Pool>(pool: P): P {
  opened.push(pool)
  return pool
}
const onGenericPool = (engine: GenericPoolOptions, options: PoolOptions = {}): Pool =>
  open(new Pool({ connectionString: cluster.primary.url, ...options, poolEngine: genericPool(engine) }))

describe('the engine none', () => {
  test(onOtherEngines.keepsNone.pgPool, async () => {
    const pool = open(new pg.Pool({ connectionString: cluster.primary.url }))
    const pid = await pidOf(pool)
    expect([pool.totalCount, await pidOf(pool)]).toEqual([1, pid])
  })

  test(onOtherEngines.keepsNone.ours, async () => {
    const pool = open(new Pool({ connectionString: cluster.primary.url, poolEngine: 'none' }))
    const removed = next(pool, 'remove')
    const pid = await pidOf(pool)
    expect([pool.totalCount, pool.idleCount]).toEqual([0, 0])
    await removed
    expect(await pidOf(pool)).not.toBe(pid)
  })

  test('may be named in the connection string', async () => {
    const pool = open(new Pool({ connectionString: `${cluster.primary.url}?poolEngine=none` }))
    await pool.query('select 1')
    expect(pool.totalCount).toBe(0)
  })
})

describe('an engine of one’s own', () => {
  test('is any function that makes something like a pg.Pool out of its options', async () => {
    const made: pg.PoolConfig[] = []
    const poolEngine = (options: pg.PoolConfig) => {
      made.push(options)
      return new pg.Pool(options)
    }
    const pool = open(new Pool({ connectionString: cluster.primary.url, poolEngine, max: 3 }))
    await pool.query('select 1')
    expect(made).toMatchObject([{ max: 3, port: cluster.primary.port }])
  })

  test('that is none is refused', () => {
    expect(() => new Pool({ poolEngine: 'tarn' as never })).toThrow(ConfigError)
    expect(() => new Pool({ poolEngine: {} as never })).toThrow(
      /poolEngine: an object given, expected pg-pool, none/,
    )
  })
})

describe('the engine genericPool', () => {
  test(onOtherEngines.sweepsIdleClients.pgPool, async () => {
    const pool = open(new pg.Pool({ connectionString: cluster.primary.url, idleTimeoutMillis: 20 }))
    await pool.query('select 1')
    await next(pool, 'remove')
  })

  test(onOtherEngines.sweepsIdleClients.ours, async () => {
    const [swept, unswept] = [20, 60_000].map((evictionRunIntervalMillis) =>
      onGenericPool({ evictionRunIntervalMillis }, { idleTimeoutMillis: 20 }),
    ) as [Pool, Pool]
    await unswept.query('select 1')
    const removed = next(swept, 'remove')
    await swept.query('select 1')
    await removed
    expect([swept.totalCount, unswept.totalCount]).toEqual([0, 1])
  })

  test('replaces a connection that does not answer the test before it is lent', async () => {
    const pool = onGenericPool({ testOnBorrow: true, testTimeoutMillis: 100 }, { max: 1 })
    const pid = await pidOf(pool)
    const told = next(pool, 'error')
    await cluster.primary.blackhole()
    const answered = pidOf(pool)
    const [error] = await told
    await cluster.primary.heal()
    expect(error).toMatchObject({ message: 'The connection did not answer a test within 100 ms' })
    expect(await answered).not.toBe(pid)
  })

  test('asks before it lends, and spares those used just now', async () => {
    const texts: unknown[] = []
    class WatchedClient extends pg.Client {
      override query(...args: unknown[]): never {
        texts.push(args[0])
        return super.query(...(args as [string])) as never
      }
    }
    const options = { Client: WatchedClient as never, max: 1 }
    for (const testAfterIdleMillis of [0, 60_000]) {
      const pool = onGenericPool({ testOnBorrow: true, testAfterIdleMillis }, options)
      for (const text of ['select 10', 'select 20']) await pool.query(text)
    }
    expect(texts).toEqual(['select 10', 'select 1', 'select 20', 'select 10', 'select 20'])
  })

  test('without tests lends a connection that died without a word, as pg-pool does', async () => {
    const pool = onGenericPool({}, { max: 1, query_timeout: 100 })
    await pool.query('select 1')
    await cluster.primary.blackhole()
    const error = await failure(pool.query('select 1'))
    await cluster.primary.heal()
    expect(error.message).toBe('Query read timeout')
  })

  test('refuses whoever would be one too many to wait', async () => {
    const pool = onGenericPool({ maxWaitingClients: 1 }, { max: 1 })
    const client = await pool.connect()
    const waiting = pool.connect()
    const error = await failure(pool.query('select 1'))
    expect(error).toBeInstanceOf(PoolFullError)
    expect(error).toMatchObject({ code: 'PGHA_POOL_FULL', waiting: 1 })
    client.release()
    ;(await waiting).release()
    await pool.query('select 1')
  })

  test('refuses nobody while there is room for further connections', async () => {
    const pool = onGenericPool({ maxWaitingClients: 0 }, { max: 3 })
    await Promise.all([1, 2, 3].map(() => pool.query('select pg_sleep(0.02)')))
    await Promise.all([1, 2, 3].map(() => pool.query('select 1')))
  })

  test('serves by priority, known of the caller’s own context', async () => {
    const urgency = new AsyncLocalStorage<number>()
    const pool = onGenericPool({ priorityRange: 2, priority: () => urgency.getStore() ?? 1 }, { max: 1 })
    const client = await pool.connect()
    const served: string[] = []
    const note = (who: string) => pool.query('select 1').then(() => served.push(who))
    const all = [note('first'), note('second'), urgency.run(0, () => note('urgent'))]
    client.release()
    await Promise.all(all)
    expect(served).toEqual(['urgent', 'first', 'second'])
  })

  test('with priorities, the end refuses those who would have been served last', async () => {
    const urgency = new AsyncLocalStorage<number>()
    const pool = new Pool({
      connectionString: cluster.primary.url,
      max: 1,
      poolEngine: genericPool({ priorityRange: 2, priority: () => urgency.getStore() ?? 1 }),
    })
    const connected = once(pool, 'connect')
    const waiting = [pool.query('select 1'), urgency.run(0, () => pool.query('select 1'))]
    const ended = pool.end()
    const outcomes = await Promise.allSettled(waiting)
    await Promise.all([connected, ended])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  })

  test('lends the one idle longest where it is told to', async () => {
    const pool = onGenericPool({ fifo: true })
    const [first, second] = await Promise.all([pool.connect(), pool.connect()])
    first.release()
    second.release()
    const client = await pool.connect()
    client.release()
    expect(client).toBe(first)
  })

  test('refuses options that cannot be meant, all at once', () => {
    const wrong = { fifo: 1, maxWaitingClients: -1, priority: 3, testonborrow: true } as never
    expect(() => genericPool(wrong)).toThrow(
      /no option 'testonborrow'.*priority: 3 given.*fifo: 1 given.*maxWaitingClients: -1 given/,
    )
  })
})
