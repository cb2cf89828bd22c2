// What does not depend on a session goes through a pooler of transactions as it does without one: transactions, what became of
// a lost commit, reads that must not write, a restart of the pooler itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommitOutcome } from '../../src/index.ts'
import { disposablePool } from '../support/disposable.ts'
import { audit, createTable, rejection, Workload } from '../support/workload.ts'
import { type PooledCluster, startPooledCluster } from './pooled-cluster.ts'

describe.each(['session', 'transaction', 'statement'] as const)('in %s mode', (mode) => {
  let pooled: PooledCluster
  beforeAll(async () => {
    pooled = await startPooledCluster({ nodes: 1, mode })
  })
  afterAll(() => pooled?.stop())

  test('reads go on where the pooler refuses the option that makes them read-only', async () => {
    await using pool = disposablePool({ connectionString: pooled.url, targetServerType: 'primary' })
    expect((await pool.read.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test.runIf(mode !== 'statement')('a transaction runs on one server connection', async () => {
    await using pool = disposablePool({ connectionString: pooled.url, targetServerType: 'primary', max: 5 })
    const pids = await Promise.all(
      [1, 2, 3, 4, 5].map(() =>
        pool.transaction(async (tx) => {
          const pid = async () =>
            (await tx.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
          return [await pid(), await pid(), await pid()]
        }),
      ),
    )
    expect(pids.every(([first, ...others]) => others.every((other) => other === first))).toBe(true)
  })

  test.runIf(mode === 'statement')(
    'a transaction is refused at once, in the pooler’s own words',
    async () => {
      await using pool = disposablePool({ connectionString: pooled.url, targetServerType: 'primary' })
      const error = await rejection(pool.transaction(async (tx) => tx.query('select 1')))
      expect(error.message).toBe('transaction blocks not allowed in statement pooling mode')
      expect(pool.cluster.nodes.map(({ state }) => state)).toEqual(['primary'])
    },
  )

  test('what became of a lost commit is found out through the pooler', async () => {
    const { cluster, bouncers } = pooled
    await using pool = disposablePool({
      connectionString: pooled.url,
      targetServerType: 'primary',
      commitOutcome: 'certain',
    })
    const outcomes: CommitOutcome[] = []
    pool.on('commitOutcome', (outcome) => outcomes.push(outcome))
    const table = `restarts_${mode}`
    await createTable(pool, table)
    const workload = new Workload(pool, table, { writers: 10 })
    await workload.acknowledgedAfter()
    for (let round = 0; round < 5; round++) {
      await bouncers[0]?.kill()
      await bouncers[0]?.start()
      await workload.acknowledgedAfter()
    }
    const books = await workload.stop()
    // Cut off time and again, a write may be given up; it is known then that nothing of it was applied.
    expect([...books.errors.keys()].filter((code) => code !== 'PGHA_NOT_APPLIED')).toEqual([])
    expect(outcomes.filter(({ outcome }) => outcome === 'unknown')).toEqual([])
    expect(await audit(books, cluster.primary, table)).toEqual({ lost: [], doubled: [], unexpected: [] })
  })
})

describe('a pooler that is told to ignore start-up options', () => {
  let pooled: PooledCluster
  beforeAll(async () => {
    const settings = { ignore_startup_parameters: 'options,extra_float_digits' }
    pooled = await startPooledCluster({ nodes: 1, mode: 'transaction', settings })
  })
  afterAll(() => pooled?.stop())

  test('leaves reads able to write: one whose connection is lost is not repeated', async () => {
    await using pool = disposablePool({ connectionString: pooled.url, targetServerType: 'primary' })
    await createTable(pool, 'read_writes')
    const write = "with w as (insert into read_writes values ('once') returning 1) select pg_sleep(5) from w"
    const reading = rejection(pool.read.query(write))
    const isRunning = async () => {
      const text = "select 1 from pg_stat_activity where query like 'with w as%'"
      return (await pooled.cluster.primary.query(text)).rowCount === 1
    }
    await expect.poll(isRunning, { timeout: 10_000 }).toBe(true)
    await pooled.bouncers[0]?.kill()
    await pooled.bouncers[0]?.start()
    expect(await reading).toMatchObject({ code: 'PGHA_OUTCOME_UNKNOWN' })
  })
})

describe('named statements', () => {
  test('work where the pooler keeps sessions', async () => {
    const pooled = await startPooledCluster({ nodes: 1, mode: 'session' })
    try {
      await using pool = disposablePool({ connectionString: pooled.url, targetServerType: 'primary', max: 1 })
      for (const n of [1, 2]) {
        const { rows } = await pool.query({ name: 'double', text: 'select $1::int * 2 as n', values: [n] })
        expect(rows).toEqual([{ n: n * 2 }])
      }
    } finally {
      await pooled.stop()
    }
  })
})
