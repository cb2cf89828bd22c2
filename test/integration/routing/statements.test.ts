// The table of statements on real servers: a standby runs what is called a read, or refuses it in the way the table says
// and the primary runs it; through a pool that splits by itself nothing fails that the primary would have run.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { STATEMENT_SCHEMA } from '../../support/known-functions.ts'
import { statementRows } from '../../support/statement-table.ts'
import { withPlainClient } from '../testing/plain-client.ts'

let cluster: Cluster
let onStandby: pg.Client
let pool: Pool & AsyncDisposable

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  onStandby = new pg.Client({ connectionString: cluster.standbys[0]?.directUrl })
  await onStandby.connect()
  await withPlainClient(cluster.primary.directUrl, (client) => client.query(STATEMENT_SCHEMA))
  await until(async () => {
    const { rows } = await onStandby.query("select to_regproc('proc') is not null as there")
    return rows[0]?.there === true ? true : null
  }, 'the schema on the standby')
  pool = disposablePool({
    connectionString: cluster.url,
    readWriteSplitting: 'auto',
    startupGraceMillis: 5000,
  })
})
afterAll(async () => {
  await pool[Symbol.asyncDispose]()
  await onStandby.end()
  await cluster.stop()
})

/** Once a standby has refused it; where none was fit at that moment the primary ran it, and nothing was learnt. */
async function isRemembered(sql: string): Promise<true | null> {
  if ((await pool.explainRoute(sql)).to === 'primary') return true
  await pool.query(sql)
  return null
}

/** `ok`, or the SQLSTATE. */
async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? String(error),
  )
}

describe.each(statementRows())('$name', ({ name: sql, goes, possible, refused, fails }) => {
  test('on a standby', async () => {
    const seen = await outcome(onStandby.query(sql))
    await onStandby.query('rollback')
    await onStandby.query('discard all')
    if (goes === 'standby') expect(seen).toBe(refused ?? 'ok')
    else if (possible) expect(seen).toBe('ok')
    else expect(seen).not.toBe('ok')
  })

  test('through the pool', async () => {
    // A transaction that is left open would be the next one's.
    const opensOne = /^\s*(begin|start)/.test(sql)
    if (!opensOne) expect(await outcome(pool.query(sql))).toBe(fails ?? 'ok')
    if (opensOne || goes === 'standby') {
      const client = await pool.connect()
      expect(await outcome(client.query(sql))).toBe(fails ?? 'ok')
      client.release()
    }
    if (refused === undefined) expect((await pool.explainRoute(sql)).to).toBe(goes)
    else await until(() => isRemembered(sql), 'a standby to refuse it, and that to be remembered')
  })
})
