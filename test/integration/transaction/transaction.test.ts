// pool.transaction() on a real cluster: what it commits, what it runs again, and what it never does twice.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type CommitOutcome,
  ConfigError,
  Pool,
  type Transaction,
  TransactionTimeoutError,
} from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection } from '../../support/workload.ts'

let cluster: Cluster
let pool: Pool

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, synchronous: true })
  pool = new Pool({ connectionString: cluster.url })
  await pool.query('create table t (n int unique deferrable initially deferred)')
  await pool.query('create table account (id int primary key, sum int not null)')
  await pool.query('insert into account select g, 100 from generate_series(1, 10) g')
})
afterAll(async () => {
  await pool.end()
  await cluster.stop()
})

async function count(where = 'true'): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from t where ${where}`)
  return rows[0]?.n ?? -1
}

describe('in calm', () => {
  test('what the function returns is given when its statements are committed', async () => {
    const value = await pool.transaction(async (tx) => {
      await tx.query('insert into t values (1)')
      return 'done'
    })
    expect(value).toBe('done')
    expect(await count('n = 1')).toBe(1)
  })

  test('what the function throws rolls back, and is not tried again', async () => {
    let runs = 0
    const error = await rejection(
      pool.transaction(async (tx) => {
        runs += 1
        await tx.query('insert into t values (2)')
        throw Object.assign(new Error('ours'), { code: 'ECONNREFUSED' })
      }),
    )
    expect([error.message, runs, await count('n = 2')]).toEqual(['ours', 1, 0])
    expect(pool.cluster.primary).not.toBeNull()
  })

  test('an error that the function hides does not pass for a commit', async () => {
    const hides = pool.transaction(async (tx) => {
      await tx.query('insert into t values (3)')
      await tx.query('select 1/0').catch(() => {})
    })
    expect((await rejection(hides)).code).toBe('22012')
    expect(await count('n = 3')).toBe(0)
  })

  test("the modes are PostgreSQL's", async () => {
    const shown = await pool.transaction(
      async (tx) => {
        const { rows } = await tx.query(`select current_setting('transaction_isolation') as isolation,
          current_setting('transaction_read_only') as read_only, current_setting('transaction_deferrable') as deferrable,
          current_setting('statement_timeout') as timeout`)
        return rows[0]
      },
      { isolation: 'serializable', readOnly: true, deferrable: true, statementTimeoutMillis: 1234 },
    )
    expect(shown).toEqual({ isolation: 'serializable', read_only: 'on', deferrable: 'on', timeout: '1234ms' })
  })

  test('bad options are refused at once, all together', async () => {
    const error = await rejection(
      pool.transaction(async () => {}, {
        isolation: 'strict' as never,
        timeoutMillis: -1,
        readOnly: 1 as never,
      }),
    )
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).faults.map(({ option }) => option)).toEqual([
      'isolation',
      'readOnly',
      'timeoutMillis',
    ])
  })

  test('a savepoint is undone alone', async () => {
    await pool.transaction(async (tx) => {
      await tx.query('insert into t values (4)')
      const inner = tx.transaction(async (nested) => {
        await nested.query('insert into t values (5)')
        await nested.transaction((deepest) => deepest.query('insert into t values (6)'))
        throw new Error('undone')
      })
      expect((await rejection(inner)).message).toBe('undone')
      await tx.transaction((nested) => nested.query('insert into t values (7)'))
    })
    expect(await count('n between 4 and 7')).toBe(2)
  })

  test('the function cannot end its transaction, nor use its client afterwards', async () => {
    let kept: Transaction | undefined
    await pool.transaction(async (tx) => {
      kept = tx
      for (const text of ['commit', 'ROLLBACK', ' begin', 'end', "prepare transaction 'x'"]) {
        expect((await rejection(tx.query(text))).code).toBe('PGHA_TRANSACTION_CONTROL')
      }
      await tx.query('savepoint s')
      await tx.query('rollback to s')
    })
    expect((await rejection(kept?.query('select 1') as Promise<unknown>)).code).toBe('PGHA_TRANSACTION_ENDED')
  })

  test('serialization failures are run again until all have had their turn', async () => {
    const move = () =>
      pool.transaction(
        async (tx) => {
          const { rows } = await tx.query<{ sum: number }>('select sum from account where id = 1')
          await tx.query('update account set sum = $1 where id = 1', [(rows[0]?.sum ?? 0) + 1])
          return tx.attempt
        },
        { isolation: 'serializable', maxRetries: 100 },
      )
    const attempts = await Promise.all(Array.from({ length: 8 }, move))
    const { rows } = await pool.query('select sum from account where id = 1')
    expect(rows).toEqual([{ sum: 108 }])
    expect(Math.max(...attempts)).toBeGreaterThan(1)
  })

  test('what fails at its commit was not applied', async () => {
    const twice = pool.transaction((tx) => tx.query('insert into t values (8), (8)'))
    expect((await rejection(twice)).code).toBe('23505')
    expect(await count('n = 8')).toBe(0)
  })

  test('a deadline and a signal undo it all', async () => {
    const late = pool.transaction((tx) => tx.query('insert into t select 9 from pg_sleep(60)'), {
      timeoutMillis: 100,
    })
    expect(await rejection(late)).toBeInstanceOf(TransactionTimeoutError)
    const controller = new AbortController()
    const given = pool.transaction(
      async (tx) => {
        await tx.query('insert into t values (10)')
        controller.abort(new Error('enough'))
        await new Promise(() => {})
      },
      { signal: controller.signal },
    )
    expect((await rejection(given)).message).toBe('enough')
    const before = rejection(
      pool.transaction(async () => {}, { signal: AbortSignal.abort(new Error('never')) }),
    )
    expect((await before).message).toBe('never')
    expect(await count('n in (9, 10)')).toBe(0)
  })
})

describe('through faults', () => {
  const FAULTS: readonly (readonly [string, (node: ClusterNode) => Promise<void>])[] = [
    ['killed', (node) => node.kill()],
    ['stopped', (node) => node.stop()],
    ['cut off', (node) => node.blackhole()],
  ]

  test.each(FAULTS)(
    'the primary is %s: no error, no money made or lost, every transfer once',
    async (_name, fault) => {
      await using transfers = disposablePool({ connectionString: cluster.url })
      const outcomes: CommitOutcome[] = []
      transfers.on('commitOutcome', (outcome) => outcomes.push(outcome))
      await pool.query('create table if not exists done (key text)')
      await pool.query('truncate done')
      await cluster.waitForReplication()
      const acknowledged: string[] = []
      let isOver = false
      let wake: () => void = () => {}
      const transfer = async (name: number): Promise<void> => {
        for (let i = 0; !isOver; i++) {
          const key = `${name}-${i}`
          await transfers.transaction(
            async (tx) => {
              const [from, to] = [1 + ((name + i) % 10), 1 + ((name + i + 3) % 10)].sort((a, b) => a - b)
              await tx.query('update account set sum = sum - 1 where id = $1', [from])
              await tx.query('update account set sum = sum + 1 where id = $1', [to])
              await tx.query('insert into done values ($1)', [key])
            },
            { maxRetries: 50 },
          )
          acknowledged.push(key)
          wake()
        }
      }
      const before = await sumOf()
      const work = Promise.all(Array.from({ length: 12 }, (_, name) => transfer(name)))
      const progress = () =>
        new Promise<void>((resolve) => {
          wake = resolve
        })
      await progress()
      const old = cluster.primary
      await fault(old)
      const next = await cluster.mostAdvancedStandby()
      await next.promote()
      for (let i = 0; i < 20; i++) await progress()
      isOver = true
      await work
      expect(outcomes.filter(({ outcome }) => outcome === 'unknown')).toEqual([])
      expect(await sumOf()).toBe(before)
      const { rows } = await next.query<{ key: string }>('select key from done')
      expect(rows.map(({ key }) => key).sort()).toEqual(acknowledged.sort())
      await old.heal()
      await old.rejoin()
    },
  )

  async function sumOf(): Promise<number> {
    const { rows } = await pool.query<{ sum: number }>('select sum(sum)::int as sum from account')
    return rows[0]?.sum ?? -1
  }
})
