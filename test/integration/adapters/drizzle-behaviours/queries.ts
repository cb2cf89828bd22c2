// Drizzle's queries: their results, how values are read, their errors, what the logger is told.
import { asc, eq, gt, sql } from 'drizzle-orm'
import { alias, integer, pgTable, text, withReplicas } from 'drizzle-orm/pg-core'
import { failure } from '../behaviour.ts'
import type { DrizzleBehaviour } from './behaviour.ts'
import { authors, kinds, notes } from './schema.ts'

const three = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]

export const queries: readonly DrizzleBehaviour[] = [
  {
    title: 'every kind of query has its kind of result',
    run: async ({ db }) => ({
      insert: await db.insert(authors).values(three).returning(),
      select: await db
        .select({ name: authors.name })
        .from(authors)
        .where(gt(authors.id, 1))
        .orderBy(asc(authors.id)),
      none: await db.select().from(authors).where(eq(authors.id, 99)),
      update: await db
        .update(authors)
        .set({ name: 'z' })
        .where(eq(authors.id, 1))
        .returning({ name: authors.name }),
      conflict: await db.insert(authors).values({ name: 'b' }).onConflictDoNothing().returning(),
      merged: await db
        .insert(authors)
        .values({ name: 'b' })
        .onConflictDoUpdate({ target: authors.name, set: { name: 'y' } })
        .returning({ name: authors.name }),
      count: await db.$count(authors),
      delete: (await db.delete(authors).where(eq(authors.id, 3))).rowCount,
      locked: await db.select({ id: authors.id }).from(authors).where(eq(authors.id, 1)).for('update'),
    }),
    gives: {
      insert: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
        { id: 3, name: 'c' },
      ],
      select: [{ name: 'b' }, { name: 'c' }],
      none: [],
      update: [{ name: 'z' }],
      conflict: [],
      merged: [{ name: 'y' }],
      count: 3,
      delete: 1,
      locked: [{ id: 1 }],
    },
  },
  {
    title: 'execute gives the driver’s result',
    async run({ db }) {
      const { command, rowCount, rows, fields } = await db.execute(sql`select ${'x'}::text as a, 2 as b`)
      const inserted = await db.execute(
        sql`insert into ${authors} (name) values (${'n'}) returning ${authors.id}`,
      )
      return [command, rowCount, rows, fields.map(({ name }) => name), inserted.command, inserted.rows]
    },
    gives: ['SELECT', 1, [{ a: 'x', b: 2 }], ['a', 'b'], 'INSERT', [{ id: 1 }]],
  },
  {
    title: 'a statement is prepared by name, and takes its values later',
    async run({ open }) {
      const db = open({}, { max: 1 })
      await db.insert(authors).values(three)
      const byId = db
        .select({ name: authors.name })
        .from(authors)
        .where(eq(authors.id, sql.placeholder('id')))
        .prepare('author_by_id')
      const insert = db
        .insert(authors)
        .values({ name: sql.placeholder('name') })
        .returning({ id: authors.id })
        .prepare('new_author')
      return [
        await byId.execute({ id: 1 }),
        await byId.execute({ id: 3 }),
        await insert.execute({ name: 'd' }),
      ]
    },
    gives: [[{ name: 'a' }], [{ name: 'c' }], [{ id: 4 }]],
  },
  {
    title: 'with queries, joins, aliases and sets',
    async run({ db }) {
      await db.insert(authors).values(three)
      await db.insert(notes).values([
        { authorId: 1, text: 'one' },
        { authorId: 1, text: 'two' },
        { authorId: 2, text: 'three' },
      ])
      const busy = db.$with('busy').as(
        db
          .select({ authorId: notes.authorId, count: sql<number>`count(*)::int`.as('count') })
          .from(notes)
          .groupBy(notes.authorId),
      )
      const other = alias(authors, 'other')
      const written = db.$with('written').as(db.insert(notes).values({ authorId: 3 }).returning())
      return {
        with: await db.with(busy).select().from(busy).orderBy(busy.authorId),
        join: await db
          .select({ name: other.name, text: notes.text })
          .from(notes)
          .leftJoin(other, eq(other.id, notes.authorId))
          .orderBy(notes.id)
          .limit(1),
        writing: await db.with(written).select({ authorId: written.authorId }).from(written),
        union: (
          await db
            .select({ id: authors.id })
            .from(authors)
            .union(db.select({ id: notes.id }).from(notes))
        ).length,
      }
    },
    gives: {
      with: [
        { authorId: 1, count: 2 },
        { authorId: 2, count: 1 },
      ],
      join: [{ name: 'a', text: 'one' }],
      writing: [{ authorId: 3 }],
      union: 4,
    },
  },
  {
    title: 'relational queries nest',
    async run({ db }) {
      await db.insert(authors).values(three)
      await db.insert(notes).values({ authorId: 2, text: 'one' })
      return [
        await db.query.authors.findMany({
          with: { notes: { columns: { text: true } } },
          where: gt(authors.id, 1),
        }),
        await db.query.notes.findFirst({ with: { author: true } }),
      ]
    },
    gives: [
      [
        { id: 2, name: 'b', notes: [{ text: 'one' }] },
        { id: 3, name: 'c', notes: [] },
      ],
      { id: 1, authorId: 2, text: 'one', author: { id: 2, name: 'b' } },
    ],
  },
  {
    title: 'values are read as their columns say, and by execute as they came',
    async run({ db }) {
      const at = new Date('2020-01-02T03:04:05.678Z')
      const given = {
        day: '2020-01-02',
        dayAsDate: new Date('2020-01-02T00:00:00.000Z'),
        at,
        atAsText: '2020-01-02 03:04:05.123456',
        took: '01:02:03',
        days: ['2020-01-02', '2020-01-03'],
        big: 9007199254740993n,
        exact: '12345678901234.5678',
        data: { a: [1, null] },
      }
      const [back] = await db.insert(kinds).values(given).returning()
      const { rows } = await db.execute(
        sql`select day, at is not null as at, at_as_text, took, days, big, data from kinds`,
      )
      return [back, rows[0]]
    },
    gives: [
      {
        id: 1,
        day: '2020-01-02',
        dayAsDate: new Date('2020-01-02T00:00:00.000Z'),
        at: new Date('2020-01-02T03:04:05.678Z'),
        atAsText: '2020-01-02 03:04:05.123456',
        took: '01:02:03',
        days: ['2020-01-02', '2020-01-03'],
        big: 9007199254740993n,
        exact: '12345678901234.5678',
        data: { a: [1, null] },
      },
      {
        day: '2020-01-02',
        at: true,
        at_as_text: '2020-01-02 03:04:05.123456',
        took: '01:02:03',
        days: '{2020-01-02,2020-01-03}',
        big: '9007199254740993',
        data: { a: [1, null] },
      },
    ],
  },
  {
    title: 'an error carries the query, its values and the driver’s error',
    async run({ db }) {
      await db.insert(authors).values({ name: 'a' })
      const work = db.insert(authors).values({ name: 'a' })
      const error = (await work.then(() => null).catch((each) => each)) as {
        query: string
        params: unknown[]
        cause: { constraint: string }
      }
      return [
        await failure(work),
        error.query,
        error.params,
        error.cause.constraint,
        await failure(db.execute(sql`nonsense`)),
      ]
    },
    gives: [
      {
        name: 'Error',
        code: '23505',
        message: 'Failed query: insert into "authors" ("id", "name") values (default, $1)\nparams: a',
      },
      'insert into "authors" ("id", "name") values (default, $1)',
      ['a'],
      'authors_name_unique',
      { name: 'Error', code: '42601', message: 'Failed query: nonsense\nparams: ' },
    ],
  },
  {
    title: 'the logger is told each statement and its values',
    async run({ open }) {
      const told: unknown[] = []
      const db = open({ logger: { logQuery: (query, params) => told.push([query, params]) } })
      await db.select({ id: authors.id }).from(authors).where(eq(authors.id, 7))
      await db.transaction(async (tx) => tx.execute(sql`select 1`))
      return told
    },
    gives: [
      ['select "id" from "authors" where "authors"."id" = $1', [7]],
      ['begin', []],
      ['select 1', []],
      ['commit', []],
    ],
  },
  {
    title: 'names are cased as the configuration says',
    async run({ open }) {
      const db = open({ casing: 'snake_case' })
      const cased = pgTable('notes', { authorId: integer(), text: text() })
      await db.insert(authors).values({ name: 'a' })
      await db.insert(cased).values({ authorId: 1, text: 'x' })
      return [db.select().from(cased).toSQL().sql, await db.select().from(cased)]
    },
    gives: ['select "author_id", "text" from "notes"', [{ authorId: 1, text: 'x' }]],
  },
  {
    title: 'is one of the replicas of Drizzle’s own withReplicas',
    async run({ db, open }) {
      const both = withReplicas(db, [open({}, { application_name: 'replica' })])
      await both.insert(authors).values({ name: 'a' })
      const name = sql`current_setting('application_name')`
      const [read] = await both.select({ name }).from(sql`(select 1) x`)
      return [read?.name, (await both.$primary.select().from(authors)).length]
    },
    gives: ['replica', 1],
  },
]
