// Session consistency on real servers: own writes are never missed on standbys that come late, by the server's own
// delay; and the standbys still serve. PGHA_SESSION_READS=100000 checks at full size.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { CHECKER_TABLE, checkSessions } from '../../support/session-checker.ts'

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
  expect(report.missing).toBe(0)
  expect(report.late).toBeGreaterThan(report.reads / 10)
  expect(report.lateOnStandby / report.late).toBeGreaterThanOrEqual(0.8)
})
