// Proves the differences that differences.ts lists, on both sides: what pg.Pool does, and what ours does instead.
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import type pg from 'pg'
import type { PoolConfig } from 'pg'
import { expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import { everywhere, withSeveralHosts } from './differences.ts'
import { runProgram } from './program.ts'
import { type Contract, contract, failure, next, pidOf } from './set-ups.ts'
import { silentServer } from './silent-server.ts'

interface Proof {
  pgPool(contract: Contract): Promise<void>
  ours(contract: Contract): Promise<void>
}

const AFTER_END = 'Cannot use a pool after calling end on the pool'

const everywhereProofs: Readonly<Record<keyof typeof everywhere, Proof>> = {
  keepsConnectionAfterSqlError: {
    async pgPool({ setUp }) {
      const pool = setUp.open()
      await failure(pool.query('select nonsense'))
      expect(pool.totalCount).toBe(0)
    },
    async ours({ setUp }) {
      const pool = setUp.open()
      const pid = await pidOf(pool)
      const released = next(pool, 'release')
      await failure(pool.query('select nonsense'))
      expect((await released)[0]).toBeUndefined()
      expect(await pidOf(pool)).toBe(pid)
    },
  },
  settlesWaitingAtEnd: {
    async pgPool({ setUp }) {
      const { outcomes } = await endWhileWaiting(setUp.open({ max: 1 }))
      expect(outcomes).toEqual([])
    },
    async ours({ setUp }) {
      const { outcomes } = await endWhileWaiting(setUp.open({ max: 1 }))
      expect(outcomes).toEqual([AFTER_END, AFTER_END])
    },
  },
  survivesIdleDeath: {
    pgPool: (contract) => dies(contract, 'idleDeath'),
    ours: (contract) => lives(contract, 'idleDeath'),
  },
  survivesLeasedDeath: {
    pgPool: (contract) => dies(contract, 'leasedDeath'),
    ours: (contract) => lives(contract, 'leasedDeath'),
  },
  lostClientGivesItselfBack: {
    async pgPool(contract) {
      const { pool, client } = await loseClient(contract)
      expect(pool.totalCount).toBe(1)
      client.release()
      expect(pool.totalCount).toBe(0)
      expect(() => client.release()).toThrow('already been released')
    },
    async ours(contract) {
      const { pool, client } = await loseClient(contract)
      const again = await pool.connect()
      expect(pool.totalCount).toBe(1)
      client.release()
      client.release(true)
      expect((await again.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      again.release()
    },
  },
  endsOpenTransactions: {
    async pgPool({ setUp }) {
      const pool = setUp.open({ max: 1 })
      const client = await pool.connect()
      await client.query('begin')
      client.release()
      const again = await pool.connect()
      expect([again === client, again.getTransactionStatus()]).toEqual([true, 'T'])
      again.release(true)
    },
    async ours({ setUp }) {
      const pool = setUp.open({ max: 1 })
      const client = await pool.connect()
      await client.query('begin')
      client.release()
      expect(pool.totalCount).toBe(0)
      const again = await pool.connect()
      expect(again.getTransactionStatus()).toBe('I')
      await again.query('begin')
      await failure(again.query('select nonsense'))
      await expect.poll(() => again.getTransactionStatus(), { interval: 5 }).toBe('E')
      again.release(false)
      expect(pool.totalCount).toBe(0)
    },
  },
  optionsOverConnectionString: {
    async pgPool({ setUp }) {
      expect(await nameGivenTwice(setUp)).toBe('of-string')
    },
    async ours({ setUp }) {
      expect(await nameGivenTwice(setUp)).toBe('of-options')
    },
  },
  resolvesConnectionString: {
    async pgPool({ setUp }) {
      const pool = setUp.create({ connectionString: setUp.url() })
      expect(pool.options.connectionString).toBe(setUp.url())
      expect(inspect(pool.options)).toContain(setUp.login().password)
    },
    async ours({ setUp }) {
      const pool = setUp.create({ connectionString: setUp.url() })
      const { user, database, password } = setUp.login()
      expect(pool.options).toMatchObject({ user, database, host: '127.0.0.1' })
      expect(pool.options.password).toBe(password)
      expect(pool.options.connectionString).toBeUndefined()
      expect(inspect(pool, { depth: 9 })).not.toContain(password)
    },
  },
  refusesBadOptions: {
    async pgPool({ setUp }) {
      expect(() =>
        setUp.create({ port: 'none' as never, password: 'x', connectionString: 7 as never }),
      ).not.toThrow()
    },
    async ours({ setUp }) {
      const create = () =>
        setUp.create({ port: 'none' as never, password: 'x', connectionString: 7 as never })
      expect(create).toThrow(ConfigError)
      expect(create).toThrow(/connectionString.*port|port.*connectionString/)
    },
  },
  endsLater: {
    async pgPool({ setUp }) {
      const pool = setUp.open()
      const ending = pool.end()
      expect(pool.ended).toBe(true)
      await ending
    },
    async ours({ setUp }) {
      const pool = setUp.open()
      const ending = pool.end()
      expect(pool.ended).toBe(false)
      await ending
      expect(pool.ended).toBe(true)
    },
  },
  callsBackInContext: {
    async pgPool({ setUp }) {
      expect(await contextAfterWait(setUp.open({ max: 1 }))).toBe('holder')
    },
    async ours({ setUp }) {
      expect(await contextAfterWait(setUp.open({ max: 1 }))).toBe('waiter')
    },
  },
}

const severalHostsProofs: Readonly<Record<keyof typeof withSeveralHosts, Proof>> = {
  looksBeforeConnecting: {
    async pgPool({ setUp }) {
      const pool = setUp.open()
      const connecting = pool.connect()
      expect([pool.totalCount, pool.waitingCount]).toEqual([1, 0])
      ;(await connecting).release()
    },
    async ours({ setUp }) {
      const pool = setUp.open()
      const connecting = pool.connect()
      expect([pool.totalCount, pool.waitingCount]).toEqual([0, 1])
      ;(await connecting).release()
      expect([pool.totalCount, pool.waitingCount]).toEqual([1, 0])
    },
  },
  waitsForRefusingNodes: {
    async pgPool({ setUp }) {
      const pool = setUp.open({ port: 1 })
      expect((await failure(pool.connect())).code).toBe('ECONNREFUSED')
      expect(pool.totalCount).toBe(0)
    },
    async ours({ setUp }) {
      const pool = setUp.open(twoHosts(1, 2))
      const error = await failure(pool.connect())
      expect(error.code).toBe('PGHA_NO_PRIMARY')
      expect(error.message).toMatch(/:1 .*ECONNREFUSED.*:2 .*ECONNREFUSED/)
      expect(pool.totalCount).toBe(0)
    },
  },
  waitsForSilentNodes: {
    async pgPool({ setUp }) {
      await using silence = await silentServer()
      const pool = setUp.open({ port: silence.port, connectionTimeoutMillis: 60 })
      const error = await failure(pool.connect())
      expect(error.message).toBe('Connection terminated due to connection timeout')
      expect(error.cause).toMatchObject({ message: 'Connection terminated unexpectedly' })
      expect(pool.totalCount).toBe(0)
    },
    async ours({ setUp }) {
      await using silence = await silentServer()
      await using other = await silentServer()
      const pool = setUp.open({ ...twoHosts(silence.port, other.port), connectionTimeoutMillis: 60 })
      expect((await failure(pool.connect())).code).toBe('PGHA_NO_PRIMARY')
      expect(pool.totalCount).toBe(0)
    },
  },
  saysThatOutcomeIsUnknown: {
    async pgPool({ setUp }) {
      const pool = setUp.open()
      expect((await cutUnderStatement(pool)).message).toBe('Connection terminated unexpectedly')
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    },
    async ours({ setUp }) {
      const pool = setUp.open()
      expect((await cutUnderStatement(pool)).code).toBe('PGHA_OUTCOME_UNKNOWN')
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    },
  },
  refusesWaitingForNodeAtEnd: {
    async pgPool({ setUp }) {
      const pool = setUp.open()
      const answer = pool.query('select 1 as one')
      await pool.end()
      expect((await answer).rows).toEqual([{ one: 1 }])
    },
    async ours({ setUp }) {
      const pool = setUp.open()
      const refused = failure(pool.query('select 1 as one'))
      await pool.end()
      expect((await refused).message).toBe(AFTER_END)
    },
  },
}

contract('differences', (given) => {
  const { isOurs, isMonitored } = given.setUp
  for (const id of Object.keys(everywhereProofs) as (keyof typeof everywhere)[]) {
    const side = isOurs ? 'ours' : 'pgPool'
    const declare = id === 'keepsConnectionAfterSqlError' ? given.whereKept : test
    declare(everywhere[id][side], () => everywhereProofs[id][side](given))
  }
  for (const id of Object.keys(severalHostsProofs) as (keyof typeof withSeveralHosts)[]) {
    const side = isMonitored ? 'ours' : 'pgPool'
    test(withSeveralHosts[id][side], () => severalHostsProofs[id][side](given))
  }
})

function twoHosts(...port: [number, number]): PoolConfig {
  const host = ['127.0.0.1', '127.0.0.1']
  return { host, port, failoverTimeoutMillis: 200 } as unknown as PoolConfig
}

/** What two callers got who waited for the only client when the pool ended. */
async function endWhileWaiting(pool: pg.Pool): Promise<{ outcomes: string[] }> {
  const client = await pool.connect()
  const outcomes: string[] = []
  for (const waiting of [pool.connect(), pool.query('select 1')]) {
    waiting.then(
      () => outcomes.push('served'),
      (error: Error) => outcomes.push(error.message),
    )
  }
  const ending = pool.end()
  client.release()
  await ending
  await new Promise((resolve) => setImmediate(resolve))
  return { outcomes }
}

async function loseClient({ setUp, terminate }: Contract) {
  const pool = setUp.open({ max: 1 })
  const client = await pool.connect()
  client.on('error', () => {})
  const pid = await pidOf(client)
  const ended = next(client, 'end')
  await terminate(pid)
  await ended
  return { pool, client }
}

async function nameGivenTwice({ create, url }: Contract['setUp']): Promise<unknown> {
  const connectionString = `${url()}?application_name=of-string`
  const { rows } = await create({ connectionString, application_name: 'of-options' }).query(
    'show application_name',
  )
  return rows[0]?.application_name
}

async function cutUnderStatement(pool: pg.Pool): Promise<pg.DatabaseError> {
  const acquired = next(pool, 'acquire')
  const sleeping = failure(pool.query('select pg_sleep(10)'))
  const [client] = (await acquired) as [pg.PoolClient]
  const { stream } = client.connection
  // After the statement has been written out.
  setImmediate(() => stream.destroy())
  return sleeping
}

async function dies({ setUp }: Contract, scenario: 'idleDeath' | 'leasedDeath'): Promise<void> {
  const ending = await runProgram({ engine: setUp.engine, options: setUp.login(), scenario })
  expect(ending).toMatchObject({ exitCode: 1, output: [] })
  expect(ending.errors).toContain('terminating connection due to administrator command')
}

async function lives({ setUp }: Contract, scenario: 'idleDeath' | 'leasedDeath'): Promise<void> {
  const { exitCode, output, errors } = await runProgram({
    engine: setUp.engine,
    options: setUp.login(),
    scenario,
  })
  expect({ exitCode, output, errors }).toEqual({ exitCode: 0, output: ['done'], errors: '' })
}

async function contextAfterWait(pool: pg.Pool): Promise<string | undefined> {
  const caller = new AsyncLocalStorage<string>()
  const client = await pool.connect()
  const context = new Promise<string | undefined>((resolve) => {
    caller.run('waiter', () => {
      pool.connect((_error, _client, done) => {
        done()
        resolve(caller.getStore())
      })
    })
  })
  caller.run('holder', () => client.release())
  return context
}
