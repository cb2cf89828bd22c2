// Knex's queries: their results, their events, their errors, their streams.
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Knex } from 'knex'
import { failure } from '../behaviour.ts'
import type { KnexBehaviour } from './behaviour.ts'

const three = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]

export const queries: readonly KnexBehaviour[] = [
  {
    title: 'every kind of query has its kind of result',
    run: async ({ knex }) => ({
      insert: await knex('notes').insert(three).returning(['id', 'name']),
      rows: await knex('notes').select('name').where('id', '>', 1).orderBy('id'),
      first: await knex('notes').first('name').where({ id: 2 }),
      none: await knex('notes').first('name').where({ id: 99 }),
      pluck: await knex('notes').pluck('name').orderBy('id'),
      count: await knex('notes').count(),
      update: await knex('notes').update({ n: 7 }).where('id', '<', 3),
      updateReturning: await knex('notes').update({ n: 8 }).where({ id: 3 }).returning('n'),
      delete: await knex('notes').delete().where({ id: 1 }),
      exists: await knex('notes')
        .whereExists(knex.select(knex.raw('1')))
        .count({ all: '*' }),
    }),
    gives: {
      insert: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
        { id: 3, name: 'c' },
      ],
      rows: [{ name: 'b' }, { name: 'c' }],
      first: { name: 'b' },
      none: undefined,
      pluck: ['a', 'b', 'c'],
      count: [{ count: '3' }],
      update: 2,
      updateReturning: [{ n: '8' }],
      delete: 1,
      exists: [{ all: '2' }],
    },
  },
  {
    title: 'raw gives the whole result, and binds by place, by name and as identifiers',
    async run({ knex }) {
      await knex('notes').insert({ name: 'a', data: { k: [1] } })
      const { command, rowCount, rows, fields } = await knex.raw('select ?::int as one', [1])
      return {
        whole: { command, rowCount, rows, fields: fields.map(({ name }: { name: string }) => name) },
        byName: (await knex.raw('select :it::text as it from :table:', { it: 'x', table: 'notes' })).rows,
        operator: (await knex.raw("select data \\? 'k' as has from ??", ['notes'])).rows,
        inBuilder: await knex('notes').whereRaw('data \\? ?', ['k']).pluck('name'),
      }
    },
    gives: {
      whole: { command: 'SELECT', rowCount: 1, rows: [{ one: 1 }], fields: ['one'] },
      byName: [{ it: 'x' }],
      operator: [{ has: true }],
      inBuilder: ['a'],
    },
  },
  {
    title: 'an insert without returning gives what the driver gave',
    async run({ knex }) {
      const given = (await knex('notes').insert({ name: 'a' })) as unknown as Record<string, unknown>
      return [given.command, given.rowCount]
    },
    gives: ['INSERT', 1],
  },
  {
    title: 'values come back as they went',
    async run({ knex }) {
      const at = new Date('2020-01-02T03:04:05.678Z')
      const given = { name: 'v', n: '9007199254740993', at, data: JSON.stringify([{ a: null }]) }
      const [row] = await knex('notes').insert(given).returning(['name', 'n', 'at', 'data'])
      const { rows } = await knex.raw('select ?::int[] as list, ?::bytea as bytes, ?::date is null as none', [
        [1, 2],
        Buffer.from('xy'),
        null,
      ])
      return { row, list: rows[0].list, bytes: String(rows[0].bytes), none: rows[0].none }
    },
    gives: {
      row: {
        name: 'v',
        n: '9007199254740993',
        at: new Date('2020-01-02T03:04:05.678Z'),
        data: [{ a: null }],
      },
      list: [1, 2],
      bytes: 'xy',
      none: true,
    },
  },
  {
    title: 'batchInsert inserts in portions, in a transaction of its own',
    async run({ knex }) {
      const many = Array.from({ length: 25 }, (_, place) => ({ name: `n${place}` }))
      const ids = await knex.batchInsert('notes', many, 10).returning('id' as never)
      const twice = await failure(knex.batchInsert('notes', [{ name: 'new' }, { name: 'n3' }], 1))
      return [ids.length, (twice as { code?: unknown }).code, await knex('notes').count().first()]
    },
    gives: [25, '23505', { count: '25' }],
  },
  {
    title: 'a conflict may be ignored or merged',
    async run({ knex }) {
      await knex('notes').insert({ name: 'a', n: 1 })
      const ignored = await knex('notes')
        .insert({ name: 'a', n: 2 })
        .onConflict('name')
        .ignore()
        .returning('n')
      const merged = await knex('notes').insert({ name: 'a', n: 3 }).onConflict('name').merge().returning('n')
      return [ignored, merged]
    },
    gives: [[], [{ n: '3' }]],
  },
  {
    title: 'a schema is built, asked about and changed',
    async run({ knex }) {
      await knex.schema.createTable('made', (table) => {
        table.increments()
        table.string('title', 20).notNullable().defaultTo('none')
      })
      const before = [await knex.schema.hasTable('made'), await knex.schema.hasColumn('made', 'more')]
      await knex.schema.alterTable('made', (table) => {
        table.renameColumn('title', 'name')
        table.text('more')
      })
      const info = await knex('made').columnInfo()
      await knex('made').insert({ more: 'x' })
      await knex('made').truncate()
      const [again] = await knex('made').insert({ more: 'y' }).returning('*')
      await knex.schema.dropTable('made')
      return {
        before,
        columns: Object.keys(info).sort(),
        name: info.name,
        again,
        after: await knex.schema.hasTable('made'),
      }
    },
    gives: {
      before: [true, false],
      columns: ['id', 'more', 'name'],
      name: {
        defaultValue: "'none'::character varying",
        maxLength: 20,
        nullable: false,
        type: 'character varying',
      },
      again: { id: 1, name: 'none', more: 'y' },
      after: false,
    },
  },
  {
    title: 'an error carries the statement, its values and the SQLSTATE',
    async run({ knex }) {
      await knex('notes').insert({ name: 'a' })
      return {
        table: await failure(knex('nowhere').where({ id: 1 })),
        unique: await failure(knex('notes').insert({ name: 'a' })),
        raw: await failure(knex.raw('select ?::int', ['x'])),
      }
    },
    gives: {
      table: {
        name: 'error',
        code: '42P01',
        message: 'select * from "nowhere" where "id" = $1 - relation "nowhere" does not exist',
      },
      unique: {
        name: 'error',
        code: '23505',
        message:
          'insert into "notes" ("name") values ($1) - duplicate key value violates unique constraint "notes_name_unique"',
      },
      raw: {
        name: 'error',
        code: '22P02',
        message: 'select $1::int - invalid input syntax for type integer: "x"',
      },
    },
  },
  {
    title: 'every query tells start, query and query-response, a failed one query-error',
    async run({ knex }) {
      const told: unknown[] = []
      const listen = (
        on: { on(event: string, listener: (...args: never[]) => void): unknown },
        who: string,
      ) => {
        on.on('start', () => told.push([who, 'start']))
        on.on('query', ({ sql, bindings }: Knex.Sql) => told.push([who, 'query', sql, bindings]))
        on.on('query-response', (rows: unknown) => told.push([who, 'response', rows]))
        on.on('query-error', ({ code }: { code: string }) => told.push([who, 'error', code]))
      }
      listen(knex as never, 'knex')
      const query = knex('notes').where({ id: 1 }).select('id')
      listen(query as never, 'builder')
      await query
      await failure(knex('nowhere').select('id'))
      return told
    },
    gives: [
      ['knex', 'start'],
      ['builder', 'start'],
      ['builder', 'query', 'select "id" from "notes" where "id" = ?', [1]],
      ['knex', 'query', 'select "id" from "notes" where "id" = $1', [1]],
      ['builder', 'response', []],
      ['knex', 'response', []],
      ['knex', 'start'],
      ['knex', 'query', 'select "id" from "nowhere"', []],
      ['knex', 'error', '42P01'],
    ],
  },
  {
    title: 'results and identifiers are processed as the configuration says, with the context of the query',
    async run({ open }) {
      const contexts: unknown[] = []
      const knex = open({
        postProcessResponse: (result, context) => {
          contexts.push(context)
          return result
        },
        wrapIdentifier: (value, wrap) =>
          wrap(value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
      })
      const query = knex('notes').select('name').queryContext({ asked: true })
      await query
      return [contexts, knex('someTable').toQuery()]
    },
    gives: [[{ asked: true }], 'select * from "some_table"'],
  },
  {
    title: 'a stream gives the rows, tells its error, and may be left early',
    async run({ open }) {
      const knex = open({ pool: { min: 0, max: 1 } })
      const seen: unknown[] = []
      for await (const { n } of knex.raw('select generate_series(1, 3) as n').stream()) seen.push(n)
      for await (const { n } of knex
        .raw('select generate_series(1, 1000) as n')
        .stream({ highWaterMark: 1 })) {
        seen.push(n)
        if (n === 2) break
      }
      const broken = knex('nowhere').stream()
      const [{ code }] = (await once(broken, 'error')) as [{ code: string }]
      const piped: unknown[] = []
      const write = (row: { n: number }, _encoding: string, done: () => void) => {
        piped.push(row.n)
        setImmediate(done)
      }
      await pipeline(
        knex.raw('select generate_series(1, 3) as n').stream(),
        new Writable({ objectMode: true, write: write as never }),
      )
      const handled: unknown[] = []
      await knex.raw('select generate_series(1, 2) as n').stream((stream) => {
        stream.on('data', ({ n }) => handled.push(n))
      })
      return { seen, code, piped, handled, goesOn: await knex('notes').count().first() }
    },
    gives: {
      seen: [1, 2, 3, 1, 2],
      code: '42P01',
      piped: [1, 2, 3],
      handled: [1, 2],
      goesOn: { count: '0' },
    },
  },
  {
    title: 'a stream belongs to its transaction',
    async run({ knex }) {
      const [seen, uids]: [unknown[], Set<unknown>] = [[], new Set()]
      knex.on('query', ({ __knexUid }: { __knexUid: string }) => uids.add(__knexUid))
      await knex.transaction(async (trx) => {
        await trx('notes').insert(three)
        for await (const { name } of trx('notes').select('name').orderBy('id').stream()) seen.push(name)
      })
      return [seen, uids.size]
    },
    gives: [['a', 'b', 'c'], 1],
  },
]
