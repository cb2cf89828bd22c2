// Session consistency on real servers: own writes are never missed on standbys that come late, by the server's own
// delay and behind a slow link; and the standbys still serve. PGHA_SESSION_READS=100000 checks at full size.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { CHECKER_TABLE, type CheckerReport, checkSessions } from '../../support/session-checker.ts'
import { slowReplication } from '../../support/slow-replication.ts'

const READS = Number(process.env.PGHA_SESSION_READS ?? 1500)
const DELAY_MILLIS = 300

let cluster: Cluster
let pool: Pool & AsyncDisposable

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, settings: { recovery_min_apply_delay: `${DELAY_MILLIS}` } })
  pool = disposablePool({
    connectionString: cluster.url,
    loadBalanceHosts: true,
    startupGraceMillis: 5000,
    max: 20,
  })
  await pool.query(CHECKER_TABLE)
  await untilCluster(pool, ({ nodes }) => nodes.filter(({ state }) => state === 'standby').length === 2)
})
afterAll(async () => {
  await pool[Symbol.asyncDispose]()
  await cluster.stop()
})

const MARK = 'select mark from session_marks where id = -1'

describe('within a session', () => {
  test('a read sees the write before it; elsewhere it may be late', async () => {
    await pool.session(async () => {
      for (let mark = 1; mark <= 50; mark++) {
        await pool.query(
          'insert into session_marks values (-1, $1) on conflict (id) do update set mark = excluded.mark',
          [mark],
        )
        expect((await pool.read.query(MARK)).rows).toEqual([{ mark }])
      }
    })
  })

  test('what a client wrote counts from its release', async () => {
    await pool.session(async () => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query('insert into session_marks values (-2, 1)')
      await client.query('commit')
      client.release()
      const { rows } = await pool.read.query('select mark from session_marks where id = -2')
      expect(rows).toEqual([{ mark: 1 }])
    })
  })

  test('a token takes it to another pool', async () => {
    const token = await pool.session(async () => {
      await pool.query('insert into session_marks values (-3, 1)')
      return pool.sessionToken()
    })
    expect(token).toMatch(/^pgha1\.1\.[0-9a-f]+$/)
    await using other = disposablePool({ connectionString: cluster.url, startupGraceMillis: 5000 })
    const { rows } = await other.session(
      () => other.read.query('select mark from session_marks where id = -3'),
      { token },
    )
    expect(rows).toEqual([{ mark: 1 }])
    expect(await other.sessionToken()).toBeNull()
  })

  test('where only standbys will do, its read waits until one has replayed the write', async () => {
    await using strict = disposablePool({
      connectionString: cluster.url,
      targetServerType: 'secondary',
      loadBalanceHosts: true,
      startupGraceMillis: 5000,
    })
    await strict.session(async () => {
      await strict.write.query('insert into session_marks values (-5, 1)')
      const { rows } = await strict.read.query(
        'select pg_is_in_recovery() as standby, (select mark from session_marks where id = -5) as mark',
      )
      expect(rows).toEqual([{ standby: true, mark: 1 }])
    })
  })

  test('each statement of a pool that splits sees the writes before it', async () => {
    await using splitting = disposablePool({
      connectionString: cluster.url,
      readWriteSplitting: 'auto',
      readConsistency: 'session',
      startupGraceMillis: 5000,
    })
    await splitting.query('insert into session_marks values (-6, 0)')
    for (let mark = 1; mark <= 20; mark++) {
      await splitting.query('update session_marks set mark = $1 where id = -6', [mark])
      const { rows } = await splitting.query('select mark from session_marks where id = -6')
      expect(rows).toEqual([{ mark }])
    }
  })

  test.each(['preferSecondary', 'any'] as const)(
    'what a pool of target %s sends to standbys by itself sees the writes before it',
    async (targetServerType) => {
      await using own = disposablePool({
        connectionString: cluster.url,
        targetServerType,
        loadBalanceHosts: true,
        startupGraceMillis: 5000,
      })
      await own.session(async () => {
        await own.write.query('insert into session_marks values (-8, 0) on conflict do nothing')
        for (let mark = 1; mark <= 20; mark++) {
          await own.write.query('update session_marks set mark = $1 where id = -8', [mark])
          const { rows } = await own.query('select mark from session_marks where id = -8')
          expect(rows).toEqual([{ mark }])
        }
      })
    },
  )

  test('monotonic reads never go back, whoever writes', async () => {
    const MARKS = 'select mark from session_marks where id = -7'
    await pool.query('insert into session_marks values (-7, 0)')
    let isWriting = true
    const writer = (async () => {
      for (let mark = 1; isWriting; mark++) {
        await cluster.primary.query(`update session_marks set mark = ${mark} where id = -7`)
      }
    })()
    const seen: number[] = []
    await pool.session(
      async () => {
        for (let i = 0; i < 200; i++) {
          const from = i % 10 === 0 ? pool.write : pool.read
          const { rows } = await from.query(MARKS)
          if (rows.length > 0) seen.push(rows[0].mark)
        }
      },
      { monotonic: true },
    )
    isWriting = false
    await writer
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(new Set(seen).size).toBeGreaterThan(1)
  })

  test('once replayed, its reads go to standbys again', async () => {
    await pool.session(async () => {
      await pool.query('insert into session_marks values (-4, 1)')
      await until(async () => {
        const { rows } = await pool.read.query('select pg_is_in_recovery() as standby')
        return rows[0].standby ? true : null
      }, 'a read on a standby')
    })
  })
})

/** What counts is that nothing is missing, and that what a standby can serve by now it does. */
function expectServed(report: CheckerReport): void {
  expect(report.missing).toBe(0)
  expect(report.late).toBeGreaterThan(report.reads / 10)
  expect(report.lateOnStandby / report.late).toBeGreaterThanOrEqual(0.8)
}

test('fifty sessions on standbys behind a slow link miss nothing either', { timeout: 900_000 }, async () => {
  await using slow = await startCluster({ nodes: 3 })
  await slow.primary.query(CHECKER_TABLE)
  await slow.waitForReplication()
  await using link = await slowReplication(slow, { delayMillis: DELAY_MILLIS / 2, bytesPerSecond: 300_000 })
  await using throttled = disposablePool({
    connectionString: slow.url,
    loadBalanceHosts: true,
    startupGraceMillis: 5000,
    max: 20,
  })
  const report = await checkSessions(throttled, {
    sessions: 50,
    reads: READS,
    readsPerWrite: 20,
    lagMillis: DELAY_MILLIS * 2,
    pauseMillis: 60,
  })
  console.log(`sessions on standbys behind port ${link.proxy.port}`, report)
  expectServed(report)
  expect(report.onStandby).toBeLessThan(report.reads)
})

test('fifty sessions on delayed standbys miss nothing, and are served by them once the lag has passed', {
  timeout: 900_000,
}, async () => {
  const report = await checkSessions(pool, {
    sessions: 50,
    reads: READS,
    readsPerWrite: 20,
    lagMillis: DELAY_MILLIS * 2,
    pauseMillis: 60,
  })
  console.log('sessions on delayed standbys', report)
  expectServed(report)
})
