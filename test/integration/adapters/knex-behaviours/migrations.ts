// Knex's migrations and seeds.
import type { Knex } from 'knex'
import { failure } from '../behaviour.ts'
import type { KnexBehaviour } from './behaviour.ts'

type Steps = Readonly<Record<string, Knex.Migration & { config?: { transaction: boolean } }>>

const creating = (table: string): Knex.Migration => ({
  up: (knex) => knex.schema.createTable(table, (columns) => columns.increments()),
  down: (knex) => knex.schema.dropTable(table),
})
const STEPS: Steps = { '1_one.js': creating('one'), '2_two.js': creating('two') }
const BROKEN: Steps = {
  ...STEPS,
  '3_broken.js': {
    up: async (knex) => {
      await knex.schema.createTable('half', (columns) => columns.increments())
      await knex('nowhere').insert({ id: 1 })
    },
    down: async () => {},
  },
}

function source(steps: Steps): Knex.MigratorConfig {
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => Object.keys(steps),
    getMigrationName: (name) => name,
    getMigration: async (name) => steps[name] as Knex.Migration,
  }
  return { migrationSource }
}

const tables = async (knex: Knex, ...names: string[]) =>
  Promise.all(names.map((name) => knex.schema.hasTable(name)))

export const migrations: readonly KnexBehaviour[] = [
  {
    title: 'latest runs what is new, in batches, and rollback undoes the last one',
    async run({ knex }) {
      const first = await knex.migrate.latest(source({ '1_one.js': creating('one') }))
      const status = await knex.migrate.status(source(STEPS))
      const second = await knex.migrate.latest(source(STEPS))
      const again = await knex.migrate.latest(source(STEPS))
      const version = await knex.migrate.currentVersion(source(STEPS))
      const [completed, pending] = await knex.migrate.list(source(STEPS))
      const undone = await knex.migrate.rollback(source(STEPS))
      return {
        first,
        status,
        second,
        again,
        version,
        list: [completed.length, pending.length],
        undone,
        there: await tables(knex, 'one', 'two'),
      }
    },
    gives: {
      first: [1, ['1_one.js']],
      status: -1,
      second: [2, ['2_two.js']],
      again: [2, []],
      version: '2',
      list: [2, 0],
      undone: [2, ['2_two.js']],
      there: [true, false],
    },
  },
  {
    title: 'up and down go one step, rollback all goes all of them',
    async run({ knex }) {
      const up = [await knex.migrate.up(source(STEPS)), await knex.migrate.up(source(STEPS))]
      const down = await knex.migrate.down(source(STEPS))
      await knex.migrate.latest(source(STEPS))
      const undone = await knex.migrate.rollback(source(STEPS), true)
      return [up, down, undone, await tables(knex, 'one', 'two')]
    },
    gives: [
      [
        [1, ['1_one.js']],
        [2, ['2_two.js']],
      ],
      [2, ['2_two.js']],
      [2, ['2_two.js', '1_one.js']],
      [false, false],
    ],
  },
  {
    title: 'a migration that fails leaves nothing of itself and no lock, and its error says why',
    async run({ open }) {
      const knex = open({ log: { warn: () => {}, error: () => {} } })
      const failed = await failure(knex.migrate.latest(source(BROKEN)))
      const there = await tables(knex, 'one', 'two', 'half')
      const lock = await knex('knex_migrations_lock').pluck('is_locked')
      return [failed, there, lock, await knex.migrate.latest(source(STEPS))]
    },
    gives: [
      {
        name: 'error',
        code: '42P01',
        message: 'insert into "nowhere" ("id") values ($1) - relation "nowhere" does not exist',
      },
      [false, false, false],
      [0],
      [1, ['1_one.js', '2_two.js']],
    ],
  },
  {
    title: 'without transactions what was done before the failure stays',
    async run({ open }) {
      const knex = open({ log: { warn: () => {}, error: () => {} } })
      await failure(knex.migrate.latest({ ...source(BROKEN), disableTransactions: true }))
      return tables(knex, 'one', 'two', 'half')
    },
    gives: [true, true, true],
  },
  {
    title: 'a lock that somebody holds is respected, until it is freed',
    async run({ open }) {
      const knex = open({ log: { warn: () => {}, error: () => {} } })
      await knex.migrate.latest(source({ '1_one.js': creating('one') }))
      await knex('knex_migrations_lock').update({ is_locked: 1 })
      const refused = await failure(knex.migrate.latest(source(STEPS)))
      await knex.migrate.forceFreeMigrationsLock(source(STEPS))
      return [refused, await knex.migrate.latest(source(STEPS))]
    },
    gives: [{ name: 'MigrationLocked', message: 'Migration table is already locked' }, [2, ['2_two.js']]],
  },
  {
    title: 'two at once run each migration once',
    async run({ knex }) {
      const config = source(STEPS)
      await knex.migrate.latest(source({ '1_one.js': creating('one') }))
      await Promise.all([knex.migrate.latest(config), knex.migrate.latest(config)])
      return knex('knex_migrations').pluck('name').orderBy('id')
    },
    gives: ['1_one.js', '2_two.js'],
  },
  {
    title: 'the tables of the migrations may have other names',
    async run({ open }) {
      const knex = open({ migrations: { tableName: 'told' } })
      await knex.migrate.latest(source(STEPS))
      return [await tables(knex, 'told', 'told_lock', 'knex_migrations'), await knex('told').count().first()]
    },
    gives: [[true, true, false], { count: '2' }],
  },
  {
    title: 'seeds are sown',
    async run({ knex }) {
      const seedSource: Knex.SeedSource<string> = {
        getSeeds: async () => ['notes'],
        getSeed: async () => ({
          seed: async (on: Knex) => {
            await on('notes').insert([{ name: 'a' }, { name: 'b' }])
          },
        }),
      }
      return [await knex.seed.run({ seedSource }), await knex('notes').pluck('name').orderBy('id')]
    },
    gives: [[['notes']], ['a', 'b']],
  },
]
