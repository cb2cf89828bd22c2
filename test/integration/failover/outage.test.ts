// Nothing is there: what callers get, how they wait, and how they go on.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NoFitNodeError, NoPrimaryError, Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { nextEvent, untilCluster } from '../../support/await-event.ts'
import { rejection } from '../../support/workload.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
})
afterAll(() => cluster.stop())

test('all nodes down, then up: what waits is served, the pool needs no restart', async () => {
  const pool = new Pool({ connectionString: cluster.url })
  await pool.query('select 1')
  for (const node of cluster.nodes) await node.kill()
  await untilCluster(pool, ({ nodes }) => nodes.every(({ state }) => state === 'unreachable'))
  const waiting = Promise.all(
    Array.from({ length: 30 }, (_, i) => pool.query<{ i: number }>('select $1::int as i', [i])),
  )
  const reading = pool.read.query<{ one: number }>('select 1 as one')
  for (const node of cluster.nodes) await node.start()
  expect((await waiting).map(({ rows }) => rows[0]?.i)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  expect((await reading).rows).toEqual([{ one: 1 }])
  await pool.end()
})

test('all nodes down from the start: the error names every node, what is known of it and since when', async () => {
  for (const node of cluster.nodes) await node.stop()
  const pool = new Pool({ connectionString: cluster.url, failoverTimeoutMillis: 300 })
  const error = await rejection(pool.query('select 1'))
  expect(error).toBeInstanceOf(NoPrimaryError)
  expect(error).toMatchObject({ code: 'PGHA_NO_PRIMARY' })
  for (const { host, port } of cluster.nodes) {
    expect(error.message).toMatch(
      new RegExp(`${host}:${port} unreachable for \\d+ ms: tcp ${host} ECONNREFUSED after \\d+ ms`),
    )
  }
  const refusedAt = { phase: 'tcp', address: '127.0.0.1', code: 'ECONNREFUSED', role: null }
  expect((error as NoPrimaryError).nodes).toMatchObject(
    cluster.nodes.map(({ host, port }) => ({ node: `${host}:${port}`, host, ...refusedAt })),
  )
  const refused = await rejection(pool.read.query('select 1'))
  expect(refused).toBeInstanceOf(NoFitNodeError)
  expect(JSON.stringify([error, error.message, pool.cluster])).not.toContain(cluster.password)
  await pool.end()
  for (const node of cluster.nodes) await node.start()
})

test('failoverTimeoutMillis 0 refuses at once what cannot be served now', async () => {
  const pool = new Pool({ connectionString: cluster.url, failoverTimeoutMillis: 0 })
  const first = await rejection(pool.query('select 1'))
  expect(first).toMatchObject({ code: 'PGHA_NO_PRIMARY', waitedMillis: 0 })
  await untilCluster(pool, ({ primary }) => primary !== null)
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await pool.end()
})

test('end() settles every waiter, at once and with a reason', async () => {
  for (const node of cluster.nodes) await node.pause()
  const pool = new Pool({ connectionString: cluster.url })
  const waiting = [pool.query('select 1'), pool.connect(), pool.read.query('select 1')].map(rejection)
  await pool.end()
  for (const error of await Promise.all(waiting)) expect(error.message).toMatch(/after calling end/)
  for (const node of cluster.nodes) await node.resume()
})

test('waiters are woken by the view, not by a poll: all of them in the turn in which the primary is known', async () => {
  const [primary] = cluster.nodes
  await primary?.pause()
  const pool = new Pool({ connectionString: cluster.url, probeTimeoutMillis: 200 })
  const order: string[] = []
  const waiting = Array.from({ length: 5 }, () =>
    pool.connect((_error, client, done) => {
      order.push('connected')
      done()
      return client
    }),
  )
  await untilCluster(pool, ({ nodes }) => nodes.every(({ state }) => state !== 'unknown'))
  const change = nextEvent(pool, 'primaryChange').then(() => {
    order.push(
      `primary known, ${pool.waitingCount === 0 || pool.totalCount > 0 ? 'all woken' : 'still waiting'}`,
    )
  })
  await primary?.resume()
  await change
  expect(order[0]).toBe('primary known, all woken')
  await pool.end()
  expect(waiting).toHaveLength(5)
})

test('wrong credentials are told at once, not waited out', async () => {
  const pool = new Pool({ connectionString: cluster.url, password: 'wrong' })
  const error = await rejection(pool.query('select 1'))
  expect(error.code).toBe('28P01')
  await pool.end()
})
