// The end of a pool that cannot wait: it keeps its time whatever its connections are in the middle of.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, ConnectionLostError, Pool, type PoolOptions } from '../../src/index.ts'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { until } from '../support/await-event.ts'
import { disposablePool } from '../support/disposable.ts'
import { POOL_ENGINES } from '../support/pool-engines.ts'
import { rejection } from '../support/workload.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  await cluster.primary.query('create table t (n int)')
})
afterAll(() => cluster.stop())

async function untilRunning(name: string): Promise<void> {
  await until(async () => {
    const asked = `select 1 from pg_stat_activity where application_name = $1 and state = 'active'`
    const { rowCount } = await cluster.primary.query(asked, [name])
    return rowCount !== null && rowCount > 0 ? true : null
  }, 'a statement to be running')
}

async function serverSessions(name: string): Promise<number> {
  const asked = 'select 1 from pg_stat_activity where application_name = $1'
  return (await cluster.primary.query(asked, [name])).rowCount ?? -1
}

describe.each(POOL_ENGINES)('on %s, end with a time limit', (name, poolEngine) => {
  const open = (options: PoolOptions = {}): Pool =>
    new Pool({ connectionString: cluster.url, poolEngine, application_name: name, ...options })

  test('lets what is under way finish', async () => {
    const pool = open()
    await using owner = disposablePool({ connectionString: cluster.primary.url, max: 1 })
    await owner.query('select pg_advisory_lock(1)')
    const write = pool.query('insert into t select 1 from pg_advisory_lock_shared(1)')
    await untilRunning(name)
    const end = pool.end({ timeoutMillis: 60_000 })
    await owner.query('select pg_advisory_unlock(1)')
    expect((await write).rowCount).toBe(1)
    await end
    expect([pool.ended, pool.totalCount]).toEqual([true, 0])
  })

  test('cuts off clients that are not given back, statements that do not end, and whoever waits', async () => {
    const pool = open({ max: 2 })
    const held = await pool.connect()
    const endless = rejection(pool.query('select pg_sleep(3600)'))
    const waiting = rejection(pool.connect())
    await untilRunning(name)
    await until(() => (pool.waitingCount === 1 ? true : null), 'one to wait')
    await pool.end({ timeoutMillis: 100 })
    expect((await waiting).message).toBe('Cannot use a pool after calling end on the pool')
    expect(await endless).toBeInstanceOf(ConnectionLostError)
    expect(await rejection(held.query('select 1'))).toBeInstanceOf(Error)
    held.release()
    await until(async () => ((await serverSessions(name)) <= 1 ? true : null), 'the sessions to be gone')
    expect([pool.ended, pool.totalCount]).toEqual([true, 0])
  })

  test('does not wait for a server that has fallen silent', async () => {
    const pool = open({ connectionString: cluster.primary.url, targetServerType: 'primary' })
    const query = rejection(pool.query('select pg_sleep(3600)'))
    await untilRunning(name)
    await cluster.primary.pause()
    await pool.end({ timeoutMillis: 100 })
    expect(await query).toBeInstanceOf(Error)
    await cluster.primary.resume()
    expect(pool.ended).toBe(true)
  })
})

test('without a limit, too, a silent server is found out, and what waits for its answer is told', async () => {
  const pool = new Pool({ connectionString: cluster.url, application_name: 'no limit' })
  const query = rejection(pool.query('select pg_sleep(3600)'))
  await untilRunning('no limit')
  await cluster.primary.pause()
  await pool.end()
  await cluster.primary.resume()
  expect(await query).toBeInstanceOf(ConnectionLostError)
})

test('a limit that is none is refused, and the pool goes on', async () => {
  const pool = new Pool({ connectionString: cluster.url })
  expect(() => pool.end({ timeoutMillis: -1 })).toThrow(ConfigError)
  expect(() => pool.end({ timeoutMillis: Number.NaN })).toThrow(ConfigError)
  expect((await pool.query('select 1')).rowCount).toBe(1)
  await pool.end()
})
