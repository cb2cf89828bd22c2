// Writers at work while the primary goes away, with synchronous replication: they see a pause and no error, and every row is
// there once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommitOutcome, Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { audit, createTable, Workload } from '../../support/workload.ts'

describe.each([18, 12])('on PostgreSQL %i', (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3, synchronous: true, version })
  })
  afterAll(() => cluster.stop())

  const FAULTS: readonly (readonly [string, (node: ClusterNode) => Promise<void>])[] = [
    ['killed', (node) => node.kill()],
    ['stopped', (node) => node.stop()],
    ['cut_off', (node) => node.blackhole()],
  ]

  test.each(FAULTS)('%s: no writer sees an error', async (name, fault) => {
    await using pool = disposablePool({ connectionString: cluster.url, commitOutcome: 'certain' })
    const outcomes = await survive(pool, name, fault)
    expect(outcomes.filter(({ outcome }) => outcome === 'unknown')).toEqual([])
  })

  test('with tokens, too, and without a round trip more', async () => {
    await cluster.primary.query(
      `create table pgha_commit_tokens (token uuid primary key, at timestamptz default now())`,
    )
    await using pool = disposablePool({
      connectionString: cluster.url,
      commitOutcome: 'batch',
      commitTokens: true,
    })
    const outcomes = await survive(pool, 'tokens', (node) => node.kill())
    expect(outcomes.every(({ reason }) => reason.includes('token'))).toBe(true)
    expect(outcomes.length).toBeGreaterThan(0)
  })

  async function survive(
    pool: Pool,
    table: string,
    fault: (node: ClusterNode) => Promise<void>,
  ): Promise<readonly CommitOutcome[]> {
    const outcomes: CommitOutcome[] = []
    pool.on('commitOutcome', (outcome) => outcomes.push(outcome))
    await createTable(pool, table)
    await cluster.waitForReplication()
    const old = cluster.primary
    const workload = new Workload(pool, table, { writers: 20 })
    await workload.acknowledgedAfter()
    await fault(old)
    const next = await cluster.mostAdvancedStandby()
    await next.promote()
    await workload.acknowledgedAfter()
    const books = await workload.stop()
    expect([...books.errors]).toEqual([])
    expect(await audit(books, next, table)).toEqual({ lost: [], doubled: [], unexpected: [] })
    await old.heal()
    await old.rejoin()
    return outcomes
  }
})
