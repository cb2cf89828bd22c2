// Clients of a pool that splits by itself: what they are to their holder, and where their statements run.
import pg, { type PoolClient } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection } from '../../support/workload.ts'

let cluster: Cluster
let pool: Pool & AsyncDisposable

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  pool = disposablePool({
    connectionString: cluster.url,
    readWriteSplitting: 'auto',
    startupGraceMillis: 5000,
  })
  await pool.write.query('create unlogged table visits_not_logged (id int)')
  await pool.write.query('create table visits (id int primary key)')
  await until(async () => {
    const { rows } = await pool.read.query("select to_regclass('visits') is not null as there")
    return rows[0]?.there === true ? true : null
  }, 'the table on the standby')
  // From here on its functions are known.
  await pool.explainRoute(WHERE)
})
afterAll(async () => {
  await pool[Symbol.asyncDispose]()
  await cluster.stop()
})
beforeEach(async () => {
  await pool.write.query('truncate visits')
})

const WHERE = 'select pg_is_in_recovery() as standby'

async function isOnStandby(client: { query(text: string): Promise<{ rows: unknown[] }> }): Promise<boolean> {
  const { rows } = await client.query(WHERE)
  return (rows[0] as { standby: boolean }).standby
}

async function withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

describe('where its statements run', () => {
  test('reads on a standby, and from the first write on all on the primary', async () => {
    await withClient(async (client) => {
      expect(await isOnStandby(client)).toBe(true)
      await client.query('insert into visits values (1)')
      expect(await isOnStandby(client)).toBe(false)
      expect((await client.query('select id from visits')).rows).toEqual([{ id: 1 }])
    })
    expect(await isOnStandby(pool)).toBe(true)
  })

  test('what was asked at once runs in its order, across the move', async () => {
    await withClient(async (client) => {
      const answers = await Promise.all([
        client.query(WHERE),
        client.query('insert into visits values (1)'),
        client.query('select id from visits'),
        client.query(WHERE),
      ])
      expect(answers.map(({ rows }) => rows)).toEqual([
        [{ standby: true }],
        [],
        [{ id: 1 }],
        [{ standby: false }],
      ])
    })
  })

  test('a transaction on the primary, all of it', async () => {
    await withClient(async (client) => {
      expect(await isOnStandby(client)).toBe(true)
      await client.query('begin')
      expect(await isOnStandby(client)).toBe(false)
      await client.query('insert into visits values (2)')
      expect((await client.query('select id from visits')).rows).toEqual([{ id: 2 }])
      await client.query('rollback')
    })
  })

  test('a read-only transaction on a standby, all of it; afterwards it may move', async () => {
    await withClient(async (client) => {
      await client.query('begin read only')
      expect(await isOnStandby(client)).toBe(true)
      expect(client.getTransactionStatus()).toBe('T')
      const error = await rejection(client.query('insert into visits values (3)'))
      expect(error).toMatchObject({ code: '25006' })
      expect(await rejection(client.query('select 1'))).toMatchObject({ code: '25P02' })
      await client.query('rollback')
      expect(await isOnStandby(client)).toBe(true)
      await client.query('insert into visits values (3)')
      expect(await isOnStandby(client)).toBe(false)
    })
  })

  test('what a session keeps stays with it', async () => {
    await withClient(async (client) => {
      await client.query("set application_name = 'kept'")
      await client.query('create temp table mine (a int)')
      await client.query('select * from mine')
      expect((await client.query('show application_name')).rows).toEqual([{ application_name: 'kept' }])
    })
  })

  test('a read that a standby cannot run is run on the primary, once and for all', async () => {
    const text = 'select count(*)::int from visits_not_logged'
    // Its function is asked about first: what is not known yet would go to the primary by itself.
    expect(await pool.explainRoute(text)).toMatchObject({ to: 'standby' })
    await withClient(async (client) => {
      expect(await isOnStandby(client)).toBe(true)
      expect((await client.query(text)).rows).toEqual([{ count: 0 }])
      expect(await isOnStandby(client)).toBe(false)
    })
    expect(await pool.explainRoute(text)).toMatchObject({ to: 'primary' })
  })

  test('each query may say itself where it runs', async () => {
    const config = { text: WHERE, route: 'primary' as const }
    expect((await pool.query(config)).rows).toEqual([{ standby: false }])
    expect((await pool.query(`${WHERE} /* pg-ha: primary */`)).rows).toEqual([{ standby: false }])
    await expect(pool.query({ text: WHERE, route: 'nowhere' as 'primary' })).rejects.toThrow(TypeError)
  })
})

describe('what it is to its holder', () => {
  test('a pg client before and after its first statement', async () => {
    await withClient(async (client) => {
      expect(client).toBeInstanceOf(pg.Client)
      expect(client.escapeIdentifier('a"b')).toBe('"a""b"')
      expect(Object(client).processID ?? null).toBeNull()
      const { rows } = await client.query('select pg_backend_pid() as pid')
      expect(Object(client).processID).toBe(rows[0].pid)
      expect(await rejection(client.connect() as unknown as Promise<void>)).toMatchObject({
        message: 'Client has already been connected. You cannot reuse a client.',
      })
    })
  })

  test('every form of query: values, callback, configuration, query object, error', async () => {
    await withClient(async (client) => {
      expect((await client.query('select $1::int as a', [1])).rows).toEqual([{ a: 1 }])
      expect((await client.query({ text: 'select 1', rowMode: 'array' })).rows).toEqual([[1]])
      const called = await new Promise((resolve) => {
        void client.query('select 2 as b', (_error, result) => resolve(result.rows))
      })
      expect(called).toEqual([{ b: 2 }])
      const query = new pg.Query('select 3 as c')
      expect(client.query(query)).toBe(query)
      const row = await new Promise((resolve) => query.on('row', resolve))
      expect(row).toEqual({ c: 3 })
      expect(await rejection(client.query('select 1 / 0'))).toMatchObject({ code: '22012' })
      expect(() => client.query(null as never)).toThrow(TypeError)
    })
  })

  test('notices and notifications reach its listeners', async () => {
    await withClient(async (client) => {
      const heard: unknown[] = []
      client.on('notification', ({ payload }) => heard.push(payload))
      client.on('notice', ({ message }) => heard.push(message))
      await client.query('listen visits')
      await client.query("do $$ begin raise notice 'hello'; end $$")
      await client.query("select pg_notify('visits', 'one')")
      await client.query('unlisten *')
      expect(heard).toEqual(['hello', 'one'])
    })
  })

  test('released once, with what it was asked before still done', async () => {
    const client = await pool.connect()
    const answer = client.query(WHERE)
    client.release()
    expect((await answer).rows).toEqual([{ standby: true }])
    expect(() => client.release()).toThrow('already been released')
    expect(await rejection(client.query('select 1'))).toMatchObject({
      message: 'Client was released and is not queryable',
    })
    await until(() => (pool.totalCount === pool.idleCount ? true : null), 'all connections at rest')
  })

  test('one that was never used holds nothing', async () => {
    const before = pool.totalCount
    const client = await pool.connect()
    client.release()
    expect(pool.totalCount).toBe(before)
  })

  test('connect in the form of a callback', async () => {
    const rows = await new Promise((resolve, reject) => {
      pool.connect((error, client, done) => {
        if (error || client === undefined) reject(error)
        else {
          void client.query(WHERE, (failure, result) => {
            done()
            if (failure) reject(failure)
            else resolve(result.rows)
          })
        }
      })
    })
    expect(rows).toEqual([{ standby: true }])
  })
})

test('a standby that dies under an idle client is not missed', async () => {
  const client = await pool.connect()
  expect(await isOnStandby(client)).toBe(true)
  const [standby] = cluster.standbys
  await standby?.kill()
  await untilCluster(pool, ({ nodes }) => nodes.some(({ state }) => state === 'unreachable'))
  expect(await isOnStandby(client)).toBe(false)
  client.release()
  await standby?.start()
})
