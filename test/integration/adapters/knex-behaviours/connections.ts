// Knex's connections: how they are prepared, waited for, cancelled and given up.
import { once } from 'node:events'
import { inspect } from 'node:util'
import type { Knex } from 'knex'
import type pg from 'pg'
import { failure } from '../behaviour.ts'
import type { KnexBehaviour } from './behaviour.ts'

const one: Knex.Config = { pool: { min: 0, max: 1 } }
const FULL =
  'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?'

type Done = (error: Error | null, connection?: unknown) => void
interface Hooked {
  query(text: string, done: Done): void
}

export const connections: readonly KnexBehaviour[] = [
  {
    title: 'afterCreate prepares each connection once, and its error is the query’s',
    async run({ open }) {
      let times = 0
      const knex = open({
        pool: {
          min: 0,
          max: 1,
          afterCreate: (connection: Hooked, done: Done) => {
            times += 1
            connection.query("set application_name to 'created'", (error) => done(error, connection))
          },
        },
      })
      const shown = [await knex.raw('show application_name'), await knex.raw('show application_name')]
      const failing = open({
        pool: { min: 0, max: 1, afterCreate: (_: Hooked, done: Done) => done(new Error('not prepared')) },
      })
      return [times, shown.map(({ rows }) => rows[0].application_name), await failure(failing.select(1))]
    },
    gives: [1, ['created', 'created'], { name: 'Error', message: 'not prepared' }],
  },
  {
    title: 'searchPath is a schema or several',
    async run({ open }) {
      const path = async (searchPath: string | string[]) =>
        (await open({ ...one, searchPath }).raw('show search_path')).rows[0].search_path
      const refused = await failure(open({ ...one, searchPath: 7 as never }).select(1))
      return [await path('public'), await path(['pg_catalog', 'public']), refused]
    },
    gives: [
      'public',
      'pg_catalog, public',
      { name: 'TypeError', message: 'knex: Expected searchPath to be Array/String, got: number' },
    ],
  },
  {
    title: 'the server’s version is asked for once, or taken as given',
    async run({ open }) {
      const [asked, given] = [open(one), open({ ...one, version: '10.5' })]
      await Promise.all([asked.select(1), given.select(1)])
      return [/^\d+\.\d+$/.test(asked.client.version), given.client.version]
    },
    gives: [true, '10.5'],
  },
  {
    title: 'one who finds no connection in time is told so, with the statement',
    async run({ open }) {
      const knex = open({ ...one, acquireConnectionTimeout: 700 })
      const trx = await knex.transaction()
      const error: Record<string, unknown> = await knex
        .raw('select ? as given', ['x'])
        .then(() => ({}))
        .catch((each) => each)
      const nested = await failure(knex.transaction(() => knex.transaction(async () => {})))
      await trx.rollback()
      const { rows } = await knex.raw('select 1 as one')
      return [error.name, error.message, error.sql, error.bindings, nested, rows]
    },
    gives: [
      'KnexTimeoutError',
      FULL,
      'select ? as given',
      ['x'],
      { name: 'KnexTimeoutError', message: FULL },
      [{ one: 1 }],
    ],
  },
  {
    title: 'the shorter of the two ways to say how long to wait counts',
    async run({ open }) {
      const knex = open({
        pool: { min: 0, max: 1, acquireTimeoutMillis: 700 },
        acquireConnectionTimeout: 60_000,
      })
      const trx = await knex.transaction()
      const error = await failure(knex.select(1))
      await trx.rollback()
      return error
    },
    gives: { name: 'KnexTimeoutError', message: FULL },
  },
  {
    title: 'a query that takes too long is told of, and does not keep its connection',
    async run({ open }) {
      const knex = open(one)
      const { name, message, timeout, sql, bindings } = await knex
        .raw('select pg_sleep(?)', [60])
        .timeout(300)
        .then(() => ({}) as Record<string, unknown>)
        .catch((error) => error)
      return [name, message, timeout, sql, bindings, (await knex.raw('select 1 as one')).rows]
    },
    gives: [
      'KnexTimeoutError',
      'Defined query timeout of 300ms exceeded when running query.',
      300,
      'select pg_sleep($1)',
      [60],
      [{ one: 1 }],
    ],
  },
  {
    title: 'with cancel it is gone from the server too, in a transaction as well, and its connection goes on',
    async run({ open, ask }) {
      const knex = open(one)
      const pid = async () => (await knex.raw('select pg_backend_pid() as pid')).rows[0].pid
      const before = await pid()
      const alone = await failure(knex.raw('select pg_sleep(60)').timeout(300, { cancel: true }))
      const inTransaction = await failure(
        knex.transaction((trx) => trx.raw('select pg_sleep(60)').timeout(300, { cancel: true })),
      )
      // It is this session's if anybody's; and one that slept on would keep the next query waiting for a minute.
      const after = await pid()
      const left = await ask("select 1 from pg_stat_activity where pid = $1 and state = 'active'", [before])
      return [alone, inTransaction, left, after === before]
    },
    gives: [
      { name: 'KnexTimeoutError', message: 'Defined query timeout of 300ms exceeded when running query.' },
      { name: 'KnexTimeoutError', message: 'Defined query timeout of 300ms exceeded when running query.' },
      [],
      true,
    ],
  },
  {
    title: 'a database that does not exist is told by the server’s own error, also to a stream',
    async run({ open, connection }) {
      const knex = open({}, { ...connection, database: 'i-refuse-to-exist' })
      const streamed = once(knex.select(1).stream(), 'data').then(
        () => 'streamed',
        ({ code, message }) => [code, message.includes('i-refuse-to-exist')],
      )
      const handled = await failure(knex.select(1).stream(() => {}) as unknown as Promise<unknown>)
      return [await failure(knex('notes')), await streamed, typeof handled]
    },
    gives: [
      { name: 'error', code: '3D000', message: 'database "i-refuse-to-exist" does not exist' },
      ['3D000', true],
      'object',
    ],
  },
  {
    title: 'destroy ends it, once, and initialize makes another',
    async run({ open }) {
      const knex = open(one)
      await knex.select(1)
      const { pool } = knex.client
      const before = pool.destroyed
      const ending = knex.destroy()
      const during = pool.destroyed
      await ending
      await knex.destroy()
      const without = knex.client.pool
      const refused = await failure(knex.select(1))
      knex.initialize()
      const again = [knex.client.pool.destroyed, (await knex.raw('select 1 as one')).rows]
      await new Promise<void>((resolve) => knex.destroy(resolve))
      return [before, during, without, refused, again, knex.client.pool]
    },
    gives: [
      false,
      true,
      undefined,
      { name: 'Error', message: 'Unable to acquire a connection' },
      [false, [{ one: 1 }]],
      undefined,
    ],
  },
  {
    title: 'a second initialize warns and changes nothing',
    async run({ open }) {
      const warnings: unknown[] = []
      const knex = open({ ...one, log: { warn: (message) => warnings.push(message) } })
      const { pool } = knex.client
      knex.initialize()
      return [knex.client.pool === pool, warnings]
    },
    gives: [true, ['The pool has already been initialized']],
  },
  {
    title: 'a pool of max 0 is none',
    run: async ({ open }) => open({ pool: { min: 0, max: 0 } }).client.pool,
    gives: undefined,
  },
  {
    title: 'destroy waits for what is under way',
    async run({ open }) {
      const knex = open(one)
      await knex.select(1)
      const slow = knex.raw('select pg_sleep(0.2), 1 as one').then(({ rows }) => rows[0].one)
      await new Promise(setImmediate)
      await Promise.all([knex.destroy()])
      return slow
    },
    gives: 1,
  },
  {
    title: 'a client is acquired and released by hand, and the pool counts it',
    async run({ open }) {
      const knex = open({ pool: { min: 0, max: 2 } })
      const client = await knex.client.acquireConnection()
      const { rows } = await client.query('select 1 as one')
      const { pool } = knex.client
      const out = [pool.numUsed(), pool.numFree(), pool.numPendingAcquires()]
      await knex.client.releaseConnection(client)
      await new Promise(setImmediate)
      return [rows, out, [pool.numUsed(), pool.numFree(), pool.numPendingAcquires()]]
    },
    gives: [[{ one: 1 }], [1, 0, 0], [0, 1, 0]],
  },
  {
    title: 'a raw connection listens, and is destroyed',
    async run({ open, ask }) {
      const knex = open(one)
      const client: pg.Client = await knex.client.acquireRawConnection()
      await client.query('listen knex_news')
      const notified = once(client, 'notification')
      await ask("select pg_notify('knex_news', 'hello')")
      const [{ channel, payload }] = await notified
      const ended = once(client, 'end')
      await knex.client.destroyRawConnection(client)
      await ended
      return [channel, payload]
    },
    gives: ['knex_news', 'hello'],
  },
  {
    title: 'a connection that is a function is asked at first, and when what it returned has expired',
    async run({ open, connection }) {
      const [times, state] = [[0, 0], { isExpired: false }]
      const counting = (place: number, more: object) => async () => {
        times[place] = (times[place] ?? 0) + 1
        state.isExpired = false
        return { ...connection, ...more }
      }
      const forever = open({ pool: { min: 0, max: 2 } }, counting(0, {}))
      await forever.transaction(() => forever.transaction(async () => {}))
      const expiring = open(one, counting(1, { expirationChecker: () => state.isExpired }))
      const answers = [
        await expiring.select(expiring.raw('1 as n')),
        await expiring.select(expiring.raw('2 as n')),
      ]
      const before = [...times]
      state.isExpired = true
      answers.push(await expiring.select(expiring.raw('3 as n')))
      return [before, times, answers]
    },
    gives: [
      [1, 1],
      [1, 2],
      [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]],
    ],
  },
  {
    title: 'a connection that is a function and fails is told to the query, and asked again by the next one',
    async run({ open, connection }) {
      let times = 0
      const provide = async () => {
        times += 1
        if (times === 1) throw new Error('no secret today')
        return { ...connection }
      }
      const knex = open(one, provide)
      return [await failure(knex.select(1)), (await knex.raw('select 1 as one')).rows, times]
    },
    gives: [{ name: 'Error', message: 'no secret today' }, [{ one: 1 }], 2],
  },
  {
    title: 'no password is seen by whoever looks at a query',
    run: async ({ knex, connection }) => {
      await knex.select(1)
      const { password } = connection as { password: string }
      return [password.length > 3, inspect(knex('notes').select(), { depth: null }).includes(password)]
    },
    gives: [true, false],
  },
]
