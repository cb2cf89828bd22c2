// A commit whose answer is lost while nobody could have it acknowledged: its fate on the server that takes over, on each
// version of PostgreSQL and with asynchronous replication - also where the transaction's number has been given out again.
import { describe, expect, test } from 'vitest'
import type { CommitOutcome, Pool, PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'

type Way = readonly [PoolOptions, (pool: Pool, key: string) => Promise<unknown>]

const INSERT = 'insert into kept values ($1) returning key'

const WAYS: Readonly<Record<string, Way>> = {
  batch: [{ commitOutcome: 'batch' }, (pool, key) => pool.query(INSERT, [key])],
  held: [{ commitOutcome: 'certain' }, (pool, key) => pool.query(INSERT, [key])],
  transaction: [{}, (pool, key) => pool.transaction((tx) => tx.query(INSERT, [key]))],
}

describe.each([12, 13, 14, 15, 16, 17, 18])('on PostgreSQL %i', (version) => {
  test('replicated: it is committed, and its caller has the rows', async () => {
    await using cluster = await asynchronousCluster(version)
    await using writes = await stuckWrites(cluster)
    const [standby] = cluster.standbys as [ClusterNode]
    await cluster.waitForReplication()
    await cluster.primary.kill()
    await release(standby)
    await standby.promote()
    expect(await writes.settled()).toEqual({ outcomes: ['committed'], rows: 3 })
    expect(await keys(standby)).toEqual(Object.keys(WAYS))
  })

  test('not replicated, and its number used again: it is written anew, once', async () => {
    await using cluster = await asynchronousCluster(version)
    const old = cluster.primary
    const [standby] = cluster.standbys as [ClusterNode]
    await standby.stop()
    await using writes = await stuckWrites(cluster)
    const numbers = await numbersOf(old)
    expect(numbers).toHaveLength(3)
    await old.kill()
    // Nobody may ask it before the numbers are used.
    await standby.blackhole()
    await standby.start()
    await release(standby)
    await standby.promote()
    await useUp(standby, numbers)
    await standby.heal()
    expect(await writes.settled()).toEqual({ outcomes: ['notCommitted'], rows: 3 })
    expect(writes.reasons()).toEqual([expect.stringMatching(/gave its number out again/)])
    expect(await keys(standby)).toEqual(Object.keys(WAYS))
  })
})

test('on the same server after its crash: it is committed', async () => {
  await using cluster = await asynchronousCluster(18)
  await using writes = await stuckWrites(cluster)
  await cluster.primary.kill()
  await cluster.primary.start()
  // Its caller is not told before the standbys that the server waits for have it, too.
  await release(cluster.primary)
  expect(await writes.settled()).toEqual({ outcomes: ['committed'], rows: 3 })
  expect(await keys(cluster.primary)).toEqual(Object.keys(WAYS))
})

/** Replication is asynchronous, but for sessions that ask for more: theirs wait for somebody who never comes. */
async function asynchronousCluster(version: number): Promise<Cluster> {
  const settings = { synchronous_standby_names: 'nobody', synchronous_commit: 'local' }
  const cluster = await startCluster({ nodes: 2, version, settings })
  await cluster.primary.query('create table kept (key text not null)')
  await cluster.primary.query('create table others (n int)')
  await cluster.waitForReplication()
  return cluster
}

async function release(node: ClusterNode): Promise<void> {
  await node.query("alter system set synchronous_standby_names = ''")
  await node.reload()
}

/** One write of each way, each committed on the primary and not acknowledged. */
async function stuckWrites(cluster: Cluster) {
  const told: CommitOutcome[] = []
  const pools: (Pool & AsyncDisposable)[] = []
  const answers: Promise<unknown>[] = []
  for (const [key, [options, write]] of Object.entries(WAYS)) {
    const waits = { connectionString: cluster.url, options: '-c synchronous_commit=on' }
    const pool = disposablePool({ ...waits, ...options })
    pool.on('commitOutcome', (outcome) => told.push(outcome))
    pools.push(pool)
    const answer = write(pool, key)
    answer.catch(() => {})
    answers.push(answer)
  }
  await expect.poll(() => numbersOf(cluster.primary), { timeout: 20_000 }).toHaveLength(pools.length)
  return {
    async settled() {
      const results = (await Promise.all(answers)) as { rows: unknown[] }[]
      expect(told.map(({ of }) => of).sort()).toEqual(['statement', 'statement', 'transaction'])
      return {
        outcomes: distinct(told.map(({ outcome }) => outcome)),
        rows: results.flatMap((r) => r.rows).length,
      }
    },
    reasons: () => distinct(told.map(({ reason }) => reason.replace(/^.*, and /, ''))),
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()))
    },
  }
}

/** Of the transactions that are committed and wait for a standby. */
async function numbersOf(node: ClusterNode): Promise<readonly string[]> {
  const { rows } = await node.query<{ xid: string }>(
    "select backend_xid::text as xid from pg_stat_activity where wait_event = 'SyncRep'",
  )
  return rows.map(({ xid }) => xid)
}

/** Gives these numbers to transactions of others, and commits them. */
async function useUp(node: ClusterNode, numbers: readonly string[]): Promise<void> {
  const last = Math.max(...numbers.map(Number))
  for (let next = 0; next <= last; ) {
    const { rows } = await node.query<{ n: string }>(
      'insert into others values (1) returning txid_current() as n',
    )
    next = Number(rows[0]?.n)
  }
  for (const xid of numbers) {
    const { rows } = await node.query('select txid_status($1::bigint) as status', [xid])
    expect(rows).toEqual([{ status: 'committed' }])
  }
}

async function keys(node: ClusterNode): Promise<readonly string[]> {
  const { rows } = await node.query<{ key: string }>('select key from kept order by key')
  return rows.map(({ key }) => key)
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)]
}
