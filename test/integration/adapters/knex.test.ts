// Knex on a real cluster: where its queries go, its transactions, its migrations, and a failover in between.
import knexOf, { type Knex } from 'knex'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PgHaClient } from '../../../src/adapters/knex.ts'
import { Pool, type PoolOptions } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { throughFailover } from '../../support/failover-story.ts'

/** As long as it takes on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 40_000 })

let cluster: Cluster
const opened: Knex[] = []

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  await cluster.primary.query('create table notes (id int primary key, text text)')
})
afterAll(() => cluster?.stop())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((knex) => knex.destroy()))
})

function open(options: PoolOptions = {}, config: Knex.Config = {}): Knex {
  const connection = { connectionString: cluster.url, startupGraceMillis: 5000, ...options }
  const knex = knexOf({ client: PgHaClient, connection: connection as never, ...config })
  opened.push(knex)
  return knex
}

const ON_STANDBY = 'pg_is_in_recovery() as standby'
const auto = { readWriteSplitting: 'auto' } as const

async function standby(query: PromiseLike<unknown>): Promise<unknown> {
  const [row] = (await query) as { standby: boolean }[]
  return row?.standby
}

describe('Knex', () => {
  test('writes and reads on the primary unless told otherwise', async () => {
    const knex = open()
    await knex('notes').insert({ id: 1, text: 'one' }).onConflict().ignore()
    expect(await knex('notes').where({ id: 1 }).first()).toEqual({ id: 1, text: 'one' })
    expect(await standby(knex.select(knex.raw(ON_STANDBY)))).toBe(false)
  })

  test('takes a connection string with several hosts, which it would itself take for a file', async () => {
    const knex = knexOf({ client: PgHaClient, connection: cluster.url })
    opened.push(knex)
    expect((await knex.raw('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('takes a Pool of the application in place of a connection, and does not end it', async () => {
    await using pool = Object.assign(new Pool({ connectionString: cluster.url }), {
      [Symbol.asyncDispose]: () => pool.end(),
    })
    const knex = knexOf({ client: PgHaClient, connectionPool: pool } as never) as Knex
    expect((await knex.raw('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(knex.client.cluster).toBe(pool)
    await knex.destroy()
    expect((await pool.query('select 2 as two')).rows).toEqual([{ two: 2 }])
  })

  test('reads on a standby where it may, and not where a comment says so', async () => {
    const knex = open(auto)
    await eventually(() => standby(knex.select(knex.raw(ON_STANDBY)))).toBe(true)
    expect(await standby(knex.select(knex.raw(ON_STANDBY)).comment('pg-ha: primary'))).toBe(false)
    const { rows } = await knex.raw(`select ${ON_STANDBY}`)
    expect(rows).toEqual([{ standby: true }])
  })

  test('keeps a with query that writes, and a locking read, on the primary', async () => {
    const knex = open(auto)
    const written = await knex
      .with('new', knex('notes').insert({ id: 2, text: 'two' }).returning('id'))
      .select(knex.raw(ON_STANDBY))
      .from('new')
    expect(written).toEqual([{ standby: false }])
    const locked = await knex.transaction((trx) =>
      trx('notes').select(knex.raw(ON_STANDBY)).where({ id: 2 }).forUpdate(),
    )
    expect(locked).toEqual([{ standby: false }])
  })

  test('runs a transaction on one connection of the primary, and rolls it back', async () => {
    const knex = open(auto)
    const failed = knex.transaction(async (trx) => {
      await trx('notes').insert({ id: 3, text: 'three' })
      expect(await trx('notes').where({ id: 3 })).toHaveLength(1)
      expect(await standby(trx.select(trx.raw(ON_STANDBY)))).toBe(false)
      throw new Error('think again')
    })
    await expect(failed).rejects.toThrow('think again')
    expect(await knex('notes').where({ id: 3 })).toEqual([])
  })

  test('runs a read-only transaction on a standby', async () => {
    const knex = open(auto)
    const where = () =>
      knex.transaction((trx) => standby(trx.select(trx.raw(ON_STANDBY))), { readOnly: true })
    await eventually(where).toBe(true)
  })

  test('migrates once, however far behind the standbys are', async () => {
    const knex = open(auto)
    const migrations = {
      'one.js': { up: (on: Knex) => on.schema.createTable('migrated', (table) => table.increments()) },
      'two.js': { up: (on: Knex) => on.schema.alterTable('migrated', (table) => table.text('more')) },
    }
    const migrationSource: Knex.MigrationSource<string> = {
      getMigrations: async () => Object.keys(migrations),
      getMigrationName: (name) => name,
      getMigration: async (name) => ({ down: async () => {}, ...migrations[name as 'one.js'] }),
    }
    await Promise.all(cluster.standbys.map((node) => node.query('select pg_wal_replay_pause()')))
    const [, first] = await knex.migrate.latest({ migrationSource })
    const [, second] = await knex.migrate.latest({ migrationSource })
    expect([first, second, await knex.schema.hasColumn('migrated', 'more')]).toEqual([
      ['one.js', 'two.js'],
      [],
      true,
    ])
    await Promise.all(cluster.standbys.map((node) => node.query('select pg_wal_replay_resume()')))
  })

  test('streams', async () => {
    const seen: unknown[] = []
    for await (const row of open(auto).raw('select generate_series(1, 3) as n').stream()) seen.push(row)
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  test('releases the connection of a stream once, also of one that is left half read', async () => {
    const knex = open({ max: 1 })
    for (let i = 0; i < 3; i++) {
      for await (const row of knex.raw('select generate_series(1, 1000) as n').stream()) {
        if ((row as { n: number }).n === 2) break
      }
      const [one, two] = await Promise.all([knex.raw('select 1 as n'), knex.raw('select 2 as n')])
      expect([one.rows, two.rows]).toEqual([[{ n: 1 }], [{ n: 2 }]])
    }
    expect(knex.client.cluster.totalCount - knex.client.cluster.idleCount).toBe(0)
  })

  test('cancels a query that takes too long, on the server that runs it', async () => {
    const knex = open()
    const slow = knex.raw("select pg_sleep(30), 'to be cancelled'").timeout(300, { cancel: true })
    await expect(slow).rejects.toThrow('timeout')
    const running = () =>
      cluster.primary.query(
        "select 1 from pg_stat_activity where state = 'active' and query ~ ('to be cancell' || 'ed')",
      )
    await eventually(async () => (await running()).rows).toEqual([])
  })

  test('says as ever that the pool is full', async () => {
    const knex = open({ max: 1 }, { acquireConnectionTimeout: 200 })
    const trx = await knex.transaction()
    await expect(knex.select(1)).rejects.toThrow(knexOf.KnexTimeoutError)
    await trx.rollback()
  })

  test('prepares each connection by searchPath and afterCreate', async () => {
    const afterCreate = (connection: { query(text: string, done: unknown): void }, done: unknown) =>
      connection.query("set application_name to 'created'", done)
    const knex = open(
      {},
      { searchPath: ['pg_catalog', 'public'], pool: { afterCreate: afterCreate as never } },
    )
    const { rows } = await knex.raw(
      "select current_setting('search_path') s, current_setting('application_name') a",
    )
    expect(rows).toEqual([{ s: 'pg_catalog, public', a: 'created' }])
  })

  test('asks a connection that is a function, and follows what it says', async () => {
    const { user, password, url: connectionString } = cluster
    await cluster.primary.query("create role rotated login password 'second'")
    await cluster.primary.query('grant pg_read_all_settings to rotated')
    const told = [
      { connectionString, user, password },
      { connectionString, user: 'rotated', password: 'second' },
    ]
    let isExpired = false
    const provide = async () => ({ ...told.shift(), expirationChecker: () => isExpired && told.length > 0 })
    const knex = knexOf({ client: PgHaClient, connection: provide as never })
    opened.push(knex)
    expect(knex.client.cluster).toBeUndefined()
    const me = async () => (await knex.raw('select current_user as me')).rows[0].me
    expect(await me()).toBe(user)
    const former = knex.client.cluster
    isExpired = true
    expect(await me()).toBe('rotated')
    expect([former.ending, knex.client.cluster.ending]).toEqual([true, false])
  })

  test('logs in with the present password where only that has changed', async () => {
    const { primary, user } = cluster
    await primary.query("create role changing login password 'first'")
    const passwords = ['first', 'second']
    let isExpired = false
    const provide = () => ({
      host: '127.0.0.1',
      port: primary.port,
      database: cluster.database,
      user: 'changing',
      password: passwords.shift(),
      expirationChecker: () => isExpired && passwords.length > 0,
    })
    const knex = knexOf({ client: PgHaClient, connection: provide as never, pool: { max: 1 } })
    opened.push(knex)
    await knex.select(1)
    const { cluster: pool } = knex.client
    await primary.query("alter role changing password 'second'")
    isExpired = true
    await primary.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'changing'")
    await expect.poll(() => pool.totalCount, { interval: 5 }).toBe(0)
    expect((await knex.raw('select current_user as me')).rows).toEqual([{ me: 'changing' }])
    expect([knex.client.cluster === pool, passwords, user === 'changing']).toEqual([true, [], false])
  })

  test('keeps its connections no longer than it was told to', async () => {
    const knex = open({}, { pool: { max: 3, min: 1, maxConnectionLifetimeMillis: 90_000 } })
    expect(knex.client.cluster.options).toMatchObject({ max: 3, min: 1, maxLifetimeSeconds: 90 })
  })

  test('goes on by itself after a failover, and loses nothing it acknowledged', async () => {
    const knex = open(auto)
    await knex.schema.createTable('kept', (table) => table.integer('id').primary())
    const outcome = await throughFailover(cluster, 'kept', (id) =>
      knex.transaction((trx) => trx('kept').insert({ id })),
    )
    expect(outcome).toMatchObject({ lost: [] })
    expect(await knex('kept').count().first()).toBeDefined()
  })
})
