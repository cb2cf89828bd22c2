// Knex's transactions: how they end, what is nested in them, what they are told of.
import type { Knex } from 'knex'
import { failure } from '../behaviour.ts'
import type { KnexBehaviour } from './behaviour.ts'

const names = (knex: Knex) => knex('notes').pluck('name').orderBy('id')
const add = (trx: Knex, name: string) => trx('notes').insert({ name })
/** What Knex's types leave out of a transaction. */
interface Settable {
  setIsolationLevel(level: string): Promise<unknown>
  asCallback(callback: (...given: unknown[]) => void): void
}

const boom = () => new Error('think again')

async function countedQueries(
  work: (knex: Knex) => Knex.Transaction | Promise<unknown>,
  knex: Knex,
): Promise<string[]> {
  const texts: string[] = []
  const note = ({ sql }: Knex.Sql) => texts.push(sql.replace(/trx\d+/, 'trx'))
  knex.on('query', note)
  await Promise.resolve(work(knex)).catch(() => {})
  knex.removeListener('query', note)
  return texts
}

export const transactions: readonly KnexBehaviour[] = [
  {
    title: 'what the handler resolves to is the result, and what it wrote is there',
    async run({ knex }) {
      const result = await knex.transaction(async (trx) => {
        await add(trx, 'a')
        return [(await names(trx)).length, 'done']
      })
      return [result, await names(knex)]
    },
    gives: [[1, 'done'], ['a']],
  },
  {
    title: 'what the handler throws, at once or later, rolls back and is the very error',
    async run({ knex }) {
      const [sync, later] = [boom(), boom()]
      const given = await Promise.all([
        knex
          .transaction(() => {
            throw sync
          })
          .catch((error) => error === sync),
        knex
          .transaction(async (trx) => {
            await add(trx, 'a')
            throw later
          })
          .catch((error) => error === later),
      ])
      return [given, await names(knex)]
    },
    gives: [[true, true], []],
  },
  {
    title: 'commit and rollback by hand, with and without a value',
    async run({ knex }) {
      const committed = await knex.transaction((trx) => {
        add(trx, 'a').then(() => trx.commit('a value'))
      })
      const rolledBack = await failure(
        knex.transaction((trx) => {
          add(trx, 'b').then(() => trx.rollback(boom()))
        }),
      )
      const silent = await failure(
        knex.transaction((trx) => {
          void trx.rollback()
        }),
      )
      const loud = await failure(
        knex.transaction(
          (trx) => {
            void trx.rollback()
          },
          { doNotRejectOnRollback: false },
        ),
      )
      return { committed, rolledBack, silent, loud, names: await names(knex) }
    },
    gives: {
      committed: 'a value',
      rolledBack: { name: 'Error', message: 'think again' },
      silent: 'did not fail',
      loud: { name: 'Error', message: 'Transaction rejected with non-error: undefined' },
      names: ['a'],
    },
  },
  {
    title: 'a transaction in hand is used, completed, and refuses what comes after',
    async run({ knex }) {
      const trx = await knex.transaction()
      await add(trx, 'a')
      const before = trx.isCompleted()
      const inside = await knex('notes').transacting(trx).pluck('name')
      await trx.commit()
      await trx.executionPromise
      return {
        before,
        inside,
        after: trx.isCompleted(),
        late: await failure(add(trx, 'b')),
        names: await names(knex),
      }
    },
    gives: {
      before: false,
      inside: ['a'],
      after: true,
      late: {
        name: 'Error',
        message: 'Transaction query already complete, run with DEBUG=knex:tx for more info',
      },
      names: ['a'],
    },
  },
  {
    title: 'a provider gives one transaction',
    async run({ knex }) {
      const provide = knex.transactionProvider()
      const [one, other] = await Promise.all([provide(), provide()])
      await one.rollback()
      await one.executionPromise
      return one === other
    },
    gives: true,
  },
  {
    title: 'a nested one is a savepoint: what it rolls back, the outer one keeps out',
    async run({ knex }) {
      await knex.transaction(async (outer) => {
        await add(outer, 'a')
        await failure(
          outer.transaction(async (inner) => {
            await add(inner, 'b')
            throw boom()
          }),
        )
        await outer.savepoint(async (inner) => {
          await add(inner, 'c')
        })
        await failure(outer.transaction((inner) => inner('nowhere').select()))
        await add(outer, 'd')
      })
      return names(knex)
    },
    gives: ['a', 'c', 'd'],
  },
  {
    title: 'siblings run one after the other',
    async run({ knex }) {
      const order: string[] = []
      await knex.transaction((trx) =>
        Promise.all(
          ['first', 'second'].map((name) =>
            trx.transaction(async (inner) => {
              order.push(`${name} begins`)
              await inner.raw('select pg_sleep(0.02)')
              order.push(`${name} ends`)
            }),
          ),
        ),
      )
      return order
    },
    gives: ['first begins', 'first ends', 'second begins', 'second ends'],
  },
  {
    title: 'sends what a transaction takes and no more',
    run: async ({ knex }) => ({
      committed: await countedQueries((k) => k.transaction((trx) => add(trx, 'a')), knex),
      thrown: await countedQueries(
        (k) =>
          k.transaction(() => {
            throw boom()
          }),
        knex,
      ),
      nested: await countedQueries(
        (k) =>
          k.transaction((trx) =>
            trx.transaction((inner) => {
              void inner.rollback()
            }),
          ),
        knex,
      ),
    }),
    gives: {
      committed: ['BEGIN;', 'insert into "notes" ("name") values ($1)', 'COMMIT;'],
      thrown: ['BEGIN;', 'ROLLBACK'],
      nested: ['BEGIN;', 'SAVEPOINT trx;', 'ROLLBACK TO SAVEPOINT trx', 'COMMIT;'],
    },
  },
  {
    title: 'all of it goes over one connection, which each query names',
    async run({ knex }) {
      const [uids, txIds] = [new Set<unknown>(), new Set<unknown>()]
      knex.on('query', ({ __knexUid, __knexTxId, sql }: Record<string, unknown>) => {
        uids.add(__knexUid)
        if (/insert/.test(String(sql))) txIds.add(typeof __knexTxId)
      })
      await knex.transaction(async (trx) => {
        await add(trx, 'a')
        await trx.transaction((inner) => add(inner, 'b'))
      })
      return [uids.size, [...txIds]]
    },
    gives: [1, ['string']],
  },
  {
    title: 'isolation and read-only are as asked for',
    async run({ knex }) {
      const level = (trx: Knex) => trx.raw('show transaction_isolation').then(({ rows }) => rows[0])
      return {
        byOption: await knex.transaction(level, { isolationLevel: 'serializable' }),
        byMethod: await (knex.transaction(level) as unknown as Settable).setIsolationLevel('repeatable read'),
        readOnly: await failure(knex.transaction((trx) => add(trx, 'a'), { readOnly: true })),
        unknown: await failure(
          Promise.resolve().then(() => knex.transaction(level, { isolationLevel: 'none' as never })),
        ),
      }
    },
    gives: {
      byOption: { transaction_isolation: 'serializable' },
      byMethod: { transaction_isolation: 'repeatable read' },
      readOnly: {
        name: 'error',
        code: '25006',
        message:
          'insert into "notes" ("name") values ($1) - cannot execute INSERT in a read-only transaction',
      },
      unknown: {
        name: 'Error',
        message:
          'Invalid isolationLevel, supported isolation levels are: ["read uncommitted","read committed","snapshot","repeatable read","serializable"]',
      },
    },
  },
  {
    title: 'a snapshot does not see what others write meanwhile',
    async run({ knex }) {
      const trx = await knex.transaction(undefined, { isolationLevel: 'repeatable read' })
      const before = await names(trx)
      await add(knex, 'a')
      const after = await names(trx)
      await trx.commit()
      return [before, after]
    },
    gives: [[], []],
  },
  {
    title: 'a failed statement in it fails the commit, unless it was in a savepoint',
    async run({ knex }) {
      const result = await failure(
        knex.transaction(async (trx) => {
          await add(trx, 'a')
          await failure(trx('nowhere'))
          await add(trx, 'b')
        }),
      )
      return [(result as { code: unknown }).code, await names(knex)]
    },
    gives: ['25P02', []],
  },
  {
    title: 'what is passed to transacting has to be a transaction',
    run: async ({ knex }) =>
      Promise.all(
        [undefined, null, {}].map((nothing) =>
          failure(knex.transaction(async () => knex('notes').transacting(nothing as never))),
        ),
      ),
    gives: Array.from({ length: 3 }, () => ({
      name: 'Error',
      message: 'Invalid transacting value (null, undefined or empty object)',
    })),
  },
  {
    title: 'schema building belongs to it',
    async run({ knex }) {
      await failure(
        knex.transaction(async (trx) => {
          await trx.schema.createTable('made', (table) => table.increments())
          await trx('made').insert({})
          throw boom()
        }),
      )
      return knex.schema.hasTable('made')
    },
    gives: false,
  },
  {
    title: 'a connection of the caller’s is used and stays with the caller',
    async run({ open }) {
      const knex = open({ pool: { min: 0, max: 1 } })
      const connection = await knex.client.acquireConnection()
      await knex.transaction((trx) => add(trx, 'a'), { connection })
      const still = await knex('notes').connection(connection).pluck('name')
      knex.client.releaseConnection(connection)
      return [still, await names(knex)]
    },
    gives: [['a'], ['a']],
  },
  {
    title: 'user parameters and callbacks',
    async run({ knex }) {
      const mine = knex.withUserParams({ tenant: 7 })
      const params = await mine.transaction(async (trx) => trx.userParams)
      const called = await new Promise((resolve) => {
        const work = knex.transaction(async () => 'value') as unknown as Settable
        work.asCallback((...given) => resolve(given))
      })
      return [params, called, await mine('notes').count()]
    },
    gives: [{ tenant: 7 }, [null, 'value'], [{ count: '0' }]],
  },
  {
    title: 'one whose connection is ended by the server fails, and the next one works',
    async run({ open, ask }) {
      const knex = open({ pool: { min: 0, max: 1 } })
      const lost = await failure(
        knex.transaction(async (trx) => {
          const { rows } = await trx.raw('select pg_backend_pid() as pid')
          const sleeping = failure(trx.raw('select pg_sleep(60)'))
          await ask('select pg_terminate_backend($1)', [rows[0].pid])
          await sleeping
          await trx.transaction((inner) => add(inner, 'a'))
        }),
      )
      await knex.transaction((trx) => add(trx, 'b'))
      return [typeof lost, await names(knex)]
    },
    gives: ['object', ['b']],
  },
]
