// What the compiler must accept and refuse of a Pool. Never run: checked by tsc.
import type { EventEmitter } from 'node:events'
import pg from 'pg'
import { expectTypeOf } from 'vitest'
import { type ClusterSnapshot, Pool } from '../../src/index.ts'

interface User {
  id: number
  name: string
}

export function aPoolIsAPgPool(): void {
  const pool: pg.Pool = new Pool()
  const emitter: EventEmitter = new Pool()
  const read: pg.Pool = new Pool().read
  const write: pg.Pool = new Pool().write
  expectTypeOf([pool, emitter, read, write]).toBeArray()
  expectTypeOf<Pool>().toExtend<pg.Pool>()
  expectTypeOf<typeof Pool>().toBeConstructibleWith({ max: 1, connectionString: 'postgres://h1,h2/app' })
  expectTypeOf(new Pool().cluster).toEqualTypeOf<ClusterSnapshot>()
  expectTypeOf(new Pool().options).toEqualTypeOf<pg.PoolOptions>()
}

export function optionsOfPgAreTaken(options: pg.PoolConfig): void {
  new Pool(options)
  new Pool({
    max: 10,
    min: 1,
    idleTimeoutMillis: null,
    password: async () => 'secret',
    ssl: { rejectUnauthorized: false },
    verify: (client, done) => {
      expectTypeOf(client).toEqualTypeOf<pg.PoolClient>()
      done(new Error('no'))
    },
    onConnect: (client) => expectTypeOf(client).toEqualTypeOf<pg.ClientBase>(),
  })
}

export function hostsComeInAnyForm(): void {
  new Pool({ host: 'h1,h2', port: 5432 })
  new Pool({ host: 'h1,h2', port: '5432,5433' })
  new Pool({ host: ['h1', 'h2'] as const, port: [5432, '5433'] })
  new Pool({ hosts: [{ host: 'h1' }, { host: 'h2', port: 5433 }] })
  new Pool({ hosts: [{ host: 'h1', port: undefined }], targetServerType: undefined })
  // @ts-expect-error a host entry has a host
  new Pool({ hosts: [{ port: 5432 }] })
  // @ts-expect-error a host is a name
  new Pool({ host: 1 })
}

export function optionsOfOursAreChecked(): void {
  new Pool({
    targetServerType: 'preferSecondary',
    balancer: 'nearest',
    splitBrain: 'warn',
    writeQuorum: 'majority',
  })
  new Pool({ target_session_attrs: 'read-write', load_balance_hosts: 'random', patroni: { port: 8008 } })
  // @ts-expect-error no such target
  new Pool({ targetServerType: 'leader' })
  // @ts-expect-error the names of pgjdbc and of libpq are not to be mixed
  new Pool({ target_session_attrs: 'preferSecondary' })
  // @ts-expect-error no such balancer
  new Pool({ balancer: 'fastest' })
  // @ts-expect-error no such policy
  new Pool({ splitBrain: 'ignore' })
  // @ts-expect-error milliseconds are a number
  new Pool({ failoverTimeoutMillis: '30s' })
  // @ts-expect-error an option misspelt
  new Pool({ loadBalanceHost: true })
}

export async function resultsAreInferredAsByPg(pool: Pool): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: what pg gives where nothing is said
  expectTypeOf(await pool.query('select 1')).toEqualTypeOf<pg.QueryResult<any>>()
  const { rows } = await pool.query<User>('select * from users where id = $1', [1])
  expectTypeOf(rows).toEqualTypeOf<User[]>()
  const arrays = await pool.query<[number, string]>({ text: 'select 1, 2', rowMode: 'array' })
  expectTypeOf(arrays.rows).toEqualTypeOf<[number, string][]>()
  const named = await pool.query<User>({ name: 'user', text: 'select * from users', values: [1] })
  expectTypeOf(named).toEqualTypeOf<pg.QueryResult<User>>()
  const typed = await pool.query<User, [number]>('select * from users where id = $1', [1])
  expectTypeOf(typed.rows).toEqualTypeOf<User[]>()
  const query = new pg.Query('select * from users')
  expectTypeOf(pool.query(query)).toEqualTypeOf<pg.Query>()
  expectTypeOf((await pool.read.query<User>('select * from users')).rows).toEqualTypeOf<User[]>()
  // @ts-expect-error the values are not of the types given
  pool.query<User, [number]>('select $1', ['x']).catch(() => {})
  // @ts-expect-error values are a list
  pool.query('select $1', 'x').catch(() => {})
}

export function callbacksAreTypedAsByPg(pool: Pool): void {
  const returned = pool.query<User>('select * from users', (error, result) => {
    expectTypeOf(error).toEqualTypeOf<Error>()
    expectTypeOf(result).toEqualTypeOf<pg.QueryResult<User>>()
  })
  expectTypeOf(returned).toBeVoid()
  pool.query<User>('select $1', [1], (_error, result) => {
    expectTypeOf(result.rows).toEqualTypeOf<User[]>()
  })
  pool.connect((error, client, done) => {
    expectTypeOf(error).toEqualTypeOf<Error | undefined>()
    expectTypeOf(client).toEqualTypeOf<pg.PoolClient | undefined>()
    done()
    done(true)
    done(new Error('not fit any more'))
  })
  pool.end(() => {})
  expectTypeOf(pool.connect()).resolves.toEqualTypeOf<pg.PoolClient>()
  expectTypeOf(pool.end()).resolves.toBeVoid()
}

export function signalsGoWhereTheyMayBeAborted(pool: Pool, signal: AbortSignal): void {
  expectTypeOf(pool.query({ text: 'select 1', signal })).toEqualTypeOf(pool.query('select 1'))
  expectTypeOf(pool.connect({ signal })).toEqualTypeOf<Promise<pg.PoolClient>>()
  expectTypeOf(pool.transaction(async () => 1, { signal })).toEqualTypeOf<Promise<number>>()
  expectTypeOf(pool.end({ timeoutMillis: 1000 })).toEqualTypeOf<Promise<void>>()
  // @ts-expect-error a signal is an AbortSignal
  void pool.query({ text: 'select 1', signal: true })
}
