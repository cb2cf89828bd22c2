// Drizzle's transactions and migrations, and what becomes of the connections under them.
import { asc, sql } from 'drizzle-orm'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { failure } from '../behaviour.ts'
import type { Database, DrizzleBehaviour } from './behaviour.ts'
import { writeMigrations } from './migration-files.ts'
import { authors } from './schema.ts'

type Queries = Pick<Database, 'insert' | 'select' | 'execute'>
const add = (db: Queries, name: string) => db.insert(authors).values({ name })
const names = async (db: Queries) =>
  (await db.select({ name: authors.name }).from(authors).orderBy(asc(authors.id))).map(({ name }) => name)
const row = async (db: Queries, query: string) => (await db.execute(sql.raw(query))).rows[0]

export const transactions: readonly DrizzleBehaviour[] = [
  {
    title: 'what it resolves to is the result, what it throws rolls back and is the very error',
    async run({ db }) {
      const error = new Error('think again')
      const result = await db.transaction(async (tx) => {
        await add(tx, 'a')
        return names(tx)
      })
      const thrown = await db
        .transaction(async (tx) => {
          await add(tx, 'b')
          throw error
        })
        .catch((each) => each === error)
      return [result, thrown, await names(db)]
    },
    gives: [['a'], true, ['a']],
  },
  {
    title: 'rollback rejects as Drizzle says',
    run: async ({ db }) => [
      await failure(
        db.transaction(async (tx) => {
          await add(tx, 'a')
          tx.rollback()
        }),
      ),
      await names(db),
    ],
    gives: [{ name: 'DrizzleError', message: 'Rollback', code: undefined }, []],
  },
  {
    title: 'a nested one is a savepoint',
    async run({ db }) {
      await db.transaction(async (tx) => {
        await add(tx, 'a')
        await failure(
          tx.transaction(async (inner) => {
            await add(inner, 'b')
            inner.rollback()
          }),
        )
        await failure(tx.transaction((inner) => inner.execute(sql`nonsense`)))
        await tx.transaction(async (inner) => {
          await add(inner, 'c')
        })
      })
      return names(db)
    },
    gives: ['a', 'c'],
  },
  {
    title: 'its options are those of the server’s transaction',
    run: async ({ db }) => [
      await db.transaction((tx) => row(tx, 'show transaction_isolation'), {
        isolationLevel: 'repeatable read',
      }),
      await db.transaction((tx) => row(tx, 'show transaction_deferrable'), {
        isolationLevel: 'serializable',
        accessMode: 'read only',
        deferrable: true,
      }),
      await failure(db.transaction((tx) => add(tx, 'a'), { accessMode: 'read only' })),
    ],
    gives: [
      { transaction_isolation: 'repeatable read' },
      { transaction_deferrable: 'on' },
      {
        name: 'Error',
        code: '25006',
        message: 'Failed query: insert into "authors" ("id", "name") values (default, $1)\nparams: a',
      },
    ],
  },
  {
    title: 'keeps to one connection, and gives it back',
    async run({ open }) {
      const db = open({}, { max: 1 })
      const pids = () =>
        db.transaction(async (tx) => [
          await row(tx, 'select pg_backend_pid() as pid'),
          await row(tx, 'select pg_backend_pid() as pid'),
        ])
      const seen = [...(await pids()), ...(await pids())]
      return new Set(seen.map((each) => each?.pid)).size
    },
    gives: 1,
  },
  {
    title: 'a failed statement in it rejects with that statement’s error, and the pool goes on',
    async run({ open }) {
      const db = open({}, { max: 1 })
      const failed = await failure(
        db.transaction(async (tx) => {
          await add(tx, 'a')
          await tx.execute(sql`nonsense`)
        }),
      )
      return [failed, await names(db)]
    },
    gives: [{ name: 'Error', code: '42601', message: 'Failed query: nonsense\nparams: ' }, []],
  },
  {
    title: 'migrations run once, in order, with their schema and table where they are wanted',
    async run({ db, folder }) {
      const first = 'create table first (id int)'
      const second = 'create table second (id int);--> statement-breakpoint\ninsert into second values (1)'
      const migrationsFolder = await writeMigrations({ folder }, first)
      await migrate(db, { migrationsFolder })
      await writeMigrations({ folder }, first, second)
      await migrate(db, { migrationsFolder })
      await migrate(db, { migrationsFolder })
      const broken = { folder: `${folder}/broken`, since: 2000 }
      const third = ['create table third (id int)', 'nonsense']
      const failed = await failure(migrate(db, { migrationsFolder: await writeMigrations(broken, ...third) }))
      const own = await writeMigrations({ folder: `${folder}/own` }, 'create table fourth (id int)')
      await migrate(db, { migrationsFolder: own, migrationsSchema: 'beside', migrationsTable: 'told' })
      return [
        (await db.execute(sql`select count(*)::int from drizzle.__drizzle_migrations`)).rows,
        (await db.execute(sql`select count(*)::int from beside.told`)).rows,
        (await db.execute(sql`select * from second`)).rows,
        await row(db, "select to_regclass('third') is null as none"),
        (failed as { code: unknown }).code,
      ]
    },
    gives: [[{ count: 2 }], [{ count: 1 }], [{ id: 1 }], { none: true }, '42601'],
  },
]
