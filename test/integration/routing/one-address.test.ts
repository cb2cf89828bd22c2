// One address that hides several servers: the role is checked on each connection, not only on each node.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { StrictPooler } from '../../support/strict-pooler.ts'
import { Switchboard } from '../../support/switchboard.ts'
import { rejection } from '../../support/workload.ts'

// 13 does not report a session's role at login and has to be asked.
describe.each([18, 13] as const)('PostgreSQL %s', (version) => {
  let cluster: Cluster
  let primary: ClusterNode
  let standby: ClusterNode
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 2, version })
    ;[primary, standby] = cluster.nodes as [ClusterNode, ClusterNode]
  })
  afterAll(() => cluster.stop())

  function login(port: number) {
    const { user, password, database } = cluster
    return { host: '127.0.0.1', port, user, password, database, target_session_attrs: 'read-write' as const }
  }

  test('a write connection that leads to a standby is never used', async () => {
    // The monitor, which connects first, meets the primary; the pool's connections meet both in turn.
    await using board = await Switchboard.open((n) => (n % 2 === 0 ? primary : standby).directPort)
    await using pool = disposablePool({ ...login(board.port), max: 4 })
    const results = await Promise.all(
      Array.from({ length: 12 }, () =>
        pool.query<{ standby: boolean }>('select pg_is_in_recovery() as standby'),
      ),
    )
    expect(results.every(({ rows }) => rows[0]?.standby === false)).toBe(true)
  })

  test('an address that moves to a standby is not written to, and serves again when it has moved back', async () => {
    await using board = await Switchboard.open(() => primary.directPort)
    await using pool = disposablePool({ ...login(board.port), failoverTimeoutMillis: 500, max: 2 })
    // A busy machine may need longer than that for the first look.
    await pool.query('select 1').catch(() => {})
    await untilCluster(pool, ({ primary: named }) => named !== null)
    await pool.query('select 1')
    board.pointTo(() => standby.directPort)
    const held = await pool.connect()
    const another = await rejection(pool.connect().then((client) => client.release()))
    expect(another.message).toMatch(/standby|No writable primary/)
    held.release()
    board.pointTo(() => primary.directPort)
    await untilCluster(pool, ({ primary: named }) => named !== null)
    expect((await pool.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})

test('a pooler that refuses start-up options: reads connect without them', async () => {
  await using cluster = await startCluster({ nodes: 1 })
  await using pooler = await StrictPooler.open(cluster.primary.directPort)
  const { user, password, database } = cluster
  await using pool = disposablePool({
    ...{ host: '127.0.0.1', port: pooler.port, user, password, database },
    target_session_attrs: 'prefer-standby',
  })
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => pool.read.query<{ one: number }>('select 1 as one')),
  )
  expect(answers.map(({ rows }) => rows[0]?.one)).toEqual([1, 1, 1, 1, 1])
  const refusedAtFirst = pooler.refused
  expect(refusedAtFirst).toBeGreaterThan(0)
  const clients = await Promise.all(Array.from({ length: 8 }, () => pool.read.connect()))
  for (const client of clients) client.release()
  expect(pooler.refused).toBe(refusedAtFirst)
})
