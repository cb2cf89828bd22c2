import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Cluster, ClusterNode } from '../../../src/testing/index.ts'
import { startCluster } from '../../../src/testing/index.ts'
import { failureOf, outcomeWithin, withPlainClient } from './plain-client.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })

let cluster: Cluster
let node: ClusterNode

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 })
  node = cluster.primary
  await node.query('create table t (i int)')
})

afterEach(async () => {
  await node.heal()
  await node.delay(0)
})

afterAll(() => cluster.stop())

async function roundTripMillis(client: pg.Client): Promise<number> {
  const start = performance.now()
  await client.query('select 1')
  return performance.now() - start
}

describe('a blackhole', () => {
  test('hangs what is under way, and heal lets it complete', async () => {
    await withPlainClient(node.url, async (client) => {
      await client.query('select 1')
      await node.blackhole()
      const write = client.query('insert into t values (1)')
      expect(await outcomeWithin(200, write)).toBe('pending')
      expect((await node.query('select i from t')).rows).toEqual([])
      await node.heal()
      await write
      expect((await node.query('select i from t')).rows).toEqual([{ i: 1 }])
    })
  })

  test('may swallow one way only', async () => {
    await withPlainClient(node.url, async (client) => {
      await client.query('select 1')
      await node.blackhole('toClient')
      const applied = client.query('insert into t values (11)')
      await vi.waitFor(async () => {
        expect((await node.query('select i from t where i = 11')).rows).toHaveLength(1)
      }, 5000)
      expect(await outcomeWithin(100, applied)).toBe('pending')
      await node.heal()
      await applied
      await node.blackhole('toServer')
      const kept = client.query('insert into t values (12)')
      expect(await outcomeWithin(200, kept)).toBe('pending')
      expect((await node.query('select i from t where i = 12')).rows).toEqual([])
      await node.heal()
      await kept
    })
  })

  test('swallows an answer whose question had passed', async () => {
    await withPlainClient(node.url, async (client) => {
      const asked = client.query('insert into t select 2 from pg_sleep(0.2)')
      await vi.waitFor(async () => {
        const { rows } = await node.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'")
        expect(rows).toHaveLength(1)
      })
      await node.blackhole()
      await vi.waitFor(async () => {
        expect((await node.query('select i from t where i = 2')).rows).toHaveLength(1)
      }, 5000)
      expect(await outcomeWithin(100, asked)).toBe('pending')
      await node.heal()
      await asked
    })
  })

  test('accepts new connections without a word, and serves them after heal', async () => {
    await node.blackhole()
    const impatient = new pg.Client({ connectionString: node.url, connectionTimeoutMillis: 200 })
    expect((await failureOf(impatient.connect())).message).toMatch('timeout')
    const patient = withPlainClient(node.url, (client) => client.query('select 1'))
    expect(await outcomeWithin(100, patient)).toBe('pending')
    await node.heal()
    await patient
  })

  test('hides even the death of its server, until heal', async () => {
    await withPlainClient(node.url, async (client) => {
      const ended = new Promise<void>((resolve) => client.once('end', resolve))
      await node.blackhole()
      await node.kill()
      expect(await outcomeWithin(200, ended)).toBe('pending')
      const mute = new pg.Client({ connectionString: node.url, connectionTimeoutMillis: 200 })
      expect((await failureOf(mute.connect())).message).toMatch('timeout')
      await node.heal()
      await ended
    })
    expect(await failureOf(withPlainClient(node.url, async () => {}))).toMatchObject({ code: 'ECONNREFUSED' })
    await node.start()
  })
})

describe('delay', () => {
  test('adds itself to each direction, and goes away', async () => {
    await withPlainClient(node.url, async (client) => {
      await roundTripMillis(client)
      await node.delay(50)
      const delayed = await roundTripMillis(client)
      expect(delayed).toBeGreaterThanOrEqual(100)
      await node.delay(0)
      expect(await roundTripMillis(client)).toBeLessThan(100)
    })
  })

  test('keeps a large answer whole and in order', async () => {
    await withPlainClient(node.url, async (client) => {
      await node.delay(5)
      const { rows } = await client.query('select i from generate_series(1, 200000) i')
      expect(rows).toHaveLength(200_000)
      expect(rows.every(({ i }, index) => i === index + 1)).toBe(true)
    })
  })
})

describe('reset', () => {
  test('cuts every connection at once; new ones work', async () => {
    await withPlainClient(node.url, async (client) => {
      const query = client.query('select pg_sleep(60)')
      query.catch(() => {})
      await vi.waitFor(async () => {
        const { rows } = await node.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'")
        expect(rows).toHaveLength(1)
      })
      await node.reset()
      expect(await failureOf(query)).toMatchObject({ code: 'ECONNRESET' })
    })
    await withPlainClient(node.url, (client) => client.query('select 1'))
  })
})
