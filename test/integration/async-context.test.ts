// Tracers and loggers go by the async context: whatever is done for a request is done in its caller's, though it waited for
// another's connection, for a look, or for a primary; and what is done for all is done in nobody's.
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Pool } from '../../src/index.ts'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { disposablePool } from '../support/disposable.ts'
import { POOL_ENGINES } from '../support/pool-engines.ts'

const caller = new AsyncLocalStorage<string>()

/** Who asked for what was sent, by the text of the statement; and who made the connection. */
const sentBy = new Map<string, string | undefined>()

const query = pg.Client.prototype.query as (...given: unknown[]) => unknown
/** As a tracer does, so that it sees the monitor's too. */
function listeningQuery(this: pg.Client, ...given: unknown[]): unknown {
  const [statement] = given
  const text = typeof statement === 'string' ? statement : (statement as { text?: string } | null)?.text
  sentBy.set(text ?? '', caller.getStore())
  return query.apply(this, given)
}

let cluster: Cluster

beforeAll(async () => {
  pg.Client.prototype.query = listeningQuery as never
  cluster = await startCluster({ nodes: 3 })
})
afterAll(async () => {
  pg.Client.prototype.query = query as never
  await cluster?.stop()
})
beforeEach(() => sentBy.clear())

describe.each(POOL_ENGINES)('with the engine %s', (_, poolEngine) => {
  test('each statement is sent, and each callback called, in the context of its caller', async () => {
    await using pool = disposablePool({ connectionString: cluster.url, max: 1, poolEngine })
    const names = ['first', 'second', 'third', 'fourth']
    // The first waits for the first look, the others for its connection.
    const called = await Promise.all(names.map((name) => caller.run(name, () => answeredTo(pool, name))))
    expect(called).toEqual(names)
    expect(names.map((name) => sentBy.get(textOf(name)))).toEqual(names)
    const leased = await Promise.all(names.map((name) => caller.run(name, () => leasedBy(pool))))
    expect(leased).toEqual(names)
  })

  test('also where it waited for a primary', async () => {
    await using pool = disposablePool({ connectionString: cluster.url, poolEngine })
    await pool.query('select 1')
    const old = cluster.primary
    await old.kill()
    await vi.waitFor(() => expect(pool.cluster.primary).toBeNull(), { timeout: 10_000 })
    const names = ['fifth', 'sixth', 'seventh']
    const waiting = names.map((name) => caller.run(name, () => pool.query(textOf(name))))
    const called = caller.run('eighth', () => answeredTo(pool, 'eighth'))
    const successor = await cluster.mostAdvancedStandby()
    await successor.promote()
    await Promise.all(waiting)
    expect(await called).toBe('eighth')
    for (const name of [...names, 'eighth']) expect(sentBy.get(textOf(name))).toBe(name)
    await old.rejoin()
  })
})

test('a split client sends what had to wait in the context of its caller', async () => {
  await using pool = disposablePool({ connectionString: cluster.url, readWriteSplitting: 'auto' })
  const client = await pool.connect()
  const names = ['ninth', 'tenth']
  const reads = names.map((name) => caller.run(name, () => client.query(textOf(name))))
  const write = caller.run('writer', () => client.query('create temp table t ()'))
  await Promise.all([...reads, write])
  client.release()
  for (const name of names) expect(sentBy.get(textOf(name))).toBe(name)
  expect(sentBy.get('create temp table t ()')).toBe('writer')
})

test('the monitor asks in the context of nobody, also when a request has woken it', async () => {
  const seen: unknown[] = []
  await using pool = disposablePool({ connectionString: cluster.url, probeIntervalMillis: 50 })
  pool.on('primaryChange', () => seen.push(caller.getStore()))
  await caller.run('waker', () => pool.query('select 1'))
  const probes = (): unknown[] => [...sentBy].filter(([text]) => /pg_is_in_recovery/.test(text))
  expect(probes().length).toBeGreaterThan(0)
  expect(probes().map((probe) => (probe as unknown[])[1])).toEqual(probes().map(() => undefined))
  expect(seen).toEqual([undefined])
})

function textOf(name: string): string {
  return `select '${name}'`
}

/** In whose context the callback of a statement is called. */
function answeredTo(pool: Pool, name: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    void pool.query(textOf(name), (error) => (error ? reject(error) : resolve(caller.getStore())))
  })
}

/** In whose context the callback of `connect` is called. */
function leasedBy(pool: Pool): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    pool.connect((error, _client, done) => {
      done()
      if (error) reject(error)
      else resolve(caller.getStore())
    })
  })
}
