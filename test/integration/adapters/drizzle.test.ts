// Drizzle on a real cluster: where its queries go, its transactions, its migrations, and a failover in between.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { eq, sql } from 'drizzle-orm'
import { drizzle as drizzleOnPg } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { drizzle } from '../../../src/adapters/drizzle.ts'
import { Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { throughFailover } from '../../support/failover-story.ts'
import { writeMigrations } from './drizzle-behaviours/migration-files.ts'

const notes = pgTable('notes', { id: integer().primaryKey(), text: text() })
const onStandby = sql<boolean>`pg_is_in_recovery()`

/** As long as it takes on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 40_000 })

let cluster: Cluster
const opened: Pool[] = []

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  await cluster.primary.query('create table notes (id int primary key, text text)')
  await cluster.waitForReplication()
})
afterAll(() => cluster?.stop())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.end()))
})

function open() {
  const connection = { connectionString: cluster.url, startupGraceMillis: 5000 }
  const db = drizzle({ connection, schema: { notes } })
  opened.push(db.$client)
  return db
}

type Database = ReturnType<typeof open>
const where = async (db: Pick<Database, 'select'>) =>
  (await db.select({ onStandby }).from(sql`(select 1) x`))[0]?.onStandby

describe('Drizzle', () => {
  test('takes a Pool as it takes one of pg', async () => {
    const pool = new Pool({ connectionString: cluster.url })
    opened.push(pool)
    for (const db of [drizzleOnPg(pool), drizzle(pool), drizzle({ client: pool })]) {
      expect(db.$client).toBe(pool)
      const pids = await db.transaction(async (tx) => {
        const pid = async () => (await tx.execute(sql`select pg_backend_pid() as pid`)).rows[0]?.pid
        return [await pid(), await pid()]
      })
      expect(pids[0]).toBe(pids[1])
    }
  })

  test('reads on a standby, on the primary where it is told to, and in sessions that cannot write', async () => {
    const db = open()
    await eventually(() => where(db)).toBe(true)
    expect([await where(db.$primary), await where(db.$standby)]).toEqual([false, true])
    await expect(db.$standby.insert(notes).values({ id: 9 })).rejects.toMatchObject({
      cause: { code: '25006' },
    })
  })

  test('writes on the primary, and so it does with a with query that writes', async () => {
    const db = open()
    await db.insert(notes).values({ id: 1, text: 'one' }).onConflictDoNothing()
    const written = db.$with('written').as(db.insert(notes).values({ id: 2 }).returning())
    expect(await db.with(written).select({ onStandby, id: written.id }).from(written)).toEqual([
      { onStandby: false, id: 2 },
    ])
    const locked = await db.select({ onStandby }).from(notes).where(eq(notes.id, 1)).for('update')
    expect(locked).toEqual([{ onStandby: false }])
  })

  test('answers relational queries', async () => {
    const db = open()
    await db.insert(notes).values({ id: 3, text: 'three' })
    await cluster.waitForReplication()
    expect(await db.query.notes.findFirst({ where: eq(notes.id, 3) })).toEqual({ id: 3, text: 'three' })
  })

  test('keeps a transaction on one connection of the primary, and a read-only one on a standby', async () => {
    const db = open()
    const failed = db.transaction(async (tx) => {
      await tx.insert(notes).values({ id: 4 })
      expect([await where(tx as never), await tx.$count(notes, eq(notes.id, 4))]).toEqual([false, 1])
      tx.rollback()
    })
    await expect(failed).rejects.toThrow('Rollback')
    expect(await db.$primary.$count(notes, eq(notes.id, 4))).toBe(0)
    await expect
      .poll(() => db.transaction((tx) => where(tx as never), { accessMode: 'read only' }))
      .toBe(true)
  })

  test('leaks no client when BEGIN fails', async () => {
    const pool = new Pool({ connectionString: cluster.url, max: 1 })
    opened.push(pool)
    const db = drizzle(pool)
    pool.once('acquire', (client) => setImmediate(() => client.connection.stream.destroy()))
    await db.transaction(async (tx) => tx.execute(sql`select 1`)).catch(() => {})
    expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })

  test('leaves nobody a client whose statement still runs when a transaction has run out of time', async () => {
    const pool = new Pool({ connectionString: cluster.primary.url, max: 1, query_timeout: 300 })
    opened.push(pool)
    const db = drizzle(pool)
    await expect(db.transaction((tx) => tx.execute(sql`select pg_sleep(60)`))).rejects.toThrow()
    expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })

  test('rejects a transaction whose connection was ended, and gives the next one another', async () => {
    const pool = new Pool({ connectionString: cluster.primary.url, max: 1 })
    opened.push(pool)
    const db = drizzle(pool)
    const lost = db.transaction(async (tx) => {
      const pid = (await tx.execute(sql`select pg_backend_pid() as pid`)).rows[0]?.pid
      const sleeping = tx.execute(sql`select pg_sleep(60)`)
      await Promise.allSettled([cluster.primary.query('select pg_terminate_backend($1)', [pid]), sleeping])
      await tx.execute(sql`select 1`)
    })
    await expect(lost).rejects.toThrow()
    expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })

  test('migrates once, however far behind the standbys are', async () => {
    const migrationsFolder = await mkdtemp(`${tmpdir()}/pg-ha-migrations-`)
    try {
      const db = open()
      await writeMigrations({ folder: migrationsFolder }, 'create table first (id int)')
      await migrate(db, { migrationsFolder })
      await cluster.waitForReplication()
      await Promise.all(cluster.standbys.map((node) => node.query('select pg_wal_replay_pause()')))
      await writeMigrations(
        { folder: migrationsFolder },
        'create table first (id int)',
        'create table second (id int)',
      )
      await migrate(db, { migrationsFolder })
      await migrate(db, { migrationsFolder })
      expect(await db.$primary.execute(sql`select to_regclass('second') as there`)).toMatchObject({
        rows: [{ there: 'second' }],
      })
    } finally {
      await Promise.all(cluster.standbys.map((node) => node.query('select pg_wal_replay_resume()')))
      await rm(migrationsFolder, { recursive: true })
    }
  })

  test('goes on by itself after a failover, and loses nothing it acknowledged', async () => {
    const db = open()
    await db.execute(sql`create table kept (id int primary key)`)
    const kept = pgTable('kept', { id: integer().primaryKey() })
    const outcome = await throughFailover(cluster, 'kept', (id) =>
      db.transaction(async (tx) => tx.insert(kept).values({ id })),
    )
    expect(outcome).toMatchObject({ lost: [] })
    expect(await db.$primary.$count(kept)).toBeGreaterThanOrEqual(outcome.acknowledged)
  })
})
