// Two nodes take writes at once. The pool feeds one, or none; never both.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SplitBrainError } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { nextEvent, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { countRows, createTable, rejection, Workload } from '../../support/workload.ts'

function nameOf(node: ClusterNode): string {
  return `${node.host}:${node.port}`
}

function nodeAt(cluster: Cluster, index: number): ClusterNode {
  const node = cluster.nodes[index]
  if (node === undefined) throw new Error(`Node ${index} was expected`)
  return node
}

describe('three nodes', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3 })
  })
  afterAll(() => cluster.stop())

  test('an old primary that comes back writable gets no write, while the new one is written to without a pause', async () => {
    await using pool = disposablePool({ connectionString: cluster.url })
    const old = cluster.primary
    await createTable(pool, 'back')
    await cluster.waitForReplication()
    await old.kill()
    await (await cluster.mostAdvancedStandby()).promote()
    const workload = new Workload(pool, 'back')
    await workload.acknowledgedAfter()
    const split = nextEvent(pool, 'splitBrain')
    await old.start()
    const { claimants, verdict } = await split
    expect(claimants.map(({ node }) => node).sort()).toEqual([nameOf(old), nameOf(cluster.primary)].sort())
    expect(verdict).toMatchObject({ kind: 'primary', node: nameOf(cluster.primary), stale: [nameOf(old)] })
    await old.query(`insert into back values ('by hand: it really takes writes')`)
    await workload.acknowledgedAfter()
    const { errors } = await workload.stop()
    expect(
      [...errors.keys()].filter((kind) => kind.startsWith('PGHA_SPLIT') || kind.startsWith('PGHA_NO')),
    ).toEqual([])
    const { rows } = await old.query(`select key from back where key not like 'by hand%' and key > ''`)
    const onNew = await cluster.primary.query<{ key: string }>('select key from back')
    const keysOnNew = new Set(onNew.rows.map((row) => row.key))
    expect(rows.filter((row) => !keysOnNew.has(row.key))).toEqual([])
    const ended = nextEvent(pool, 'splitBrainEnd')
    await old.rejoin()
    expect((await ended).durationMillis).toBeGreaterThan(0)
  })

  test('a promotion beside a living primary: writes move once the followers have moved, connections in use are cut', async () => {
    await using pool = disposablePool({ connectionString: cluster.url })
    const old = cluster.primary
    await createTable(pool, 'beside')
    await cluster.waitForReplication()
    const leased = await pool.connect()
    const next = cluster.standbys[0] as ClusterNode
    await next.promote({ repoint: false })
    await untilCluster(pool, ({ verdict }) => verdict.kind === 'dualPrimary' && verdict.rule === 'settling')
    await expect(leased.query(`insert into beside values ('never')`)).rejects.toThrow()
    leased.release()
    const waiting = pool.query(`insert into beside values ('waited')`)
    // Cloned anew: it may have received more from the old primary than its new one has.
    for (const node of cluster.nodes) if (node !== old && node !== next) await node.rejoin()
    await waiting
    expect(pool.cluster.verdict).toMatchObject({ kind: 'primary', node: nameOf(next), stale: [nameOf(old)] })
    expect(await countRows(old, 'beside')).toBe(0)
    expect(await countRows(next, 'beside')).toBe(1)
    await old.rejoin()
  })

  test('reads go on while nobody may be written to', async () => {
    await using pool = disposablePool({ connectionString: cluster.url, failoverTimeoutMillis: 3000 })
    await pool.query('select 1')
    const next = cluster.standbys[0] as ClusterNode
    const old = cluster.primary
    await next.promote({ repoint: false })
    await untilCluster(pool, ({ verdict }) => verdict.kind === 'dualPrimary' && verdict.rule === 'settling')
    expect(
      (await pool.read.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')).rows,
    ).toEqual([{ standby: true }])
    const error = await rejection(pool.query('select 1'))
    expect(error).toBeInstanceOf(SplitBrainError)
    expect(error.code).toBe('PGHA_SPLIT_BRAIN')
    for (const node of cluster.nodes) expect(error.message).toContain(nameOf(node))
    await old.rejoin()
  })
})

describe('two nodes that nothing tells apart', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 2 })
    await cluster.primary.query('create table alone (key text)')
    await cluster.waitForReplication()
    await nodeAt(cluster, 1).promote()
  })
  afterAll(() => cluster.stop())

  test('refuse, the default: no write reaches either, and the error names both', async () => {
    await using pool = disposablePool({
      connectionString: cluster.url,
      failoverTimeoutMillis: 6000,
      startupGraceMillis: 5000,
    })
    const error = await rejection(pool.query(`insert into alone values ('no')`))
    expect(error).toMatchObject({ code: 'PGHA_SPLIT_BRAIN', claimants: cluster.nodes.map(nameOf) })
    for (const node of cluster.nodes) expect(await countRows(node, 'alone')).toBe(0)
    expect((await pool.read.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('the quicker one is not written to before the other has been heard', async () => {
    const slower = nodeAt(cluster, 1)
    await slower.delay(50)
    await using pool = disposablePool({ connectionString: cluster.url, probeTimeoutMillis: 20_000 })
    const refused = rejection(pool.query(`insert into alone values ('no')`))
    await untilCluster(pool, ({ verdict }) => verdict.rule === 'undecided')
    await slower.delay(0)
    await pool.end()
    await refused
    for (const node of cluster.nodes) expect(await countRows(node, 'alone')).toBe(0)
  })

  test('warn: one of them is written to, always the same, and everyone is told', async () => {
    await using pool = disposablePool({
      connectionString: cluster.url,
      splitBrain: 'warn',
      max: 2,
      startupGraceMillis: 5000,
    })
    const split = nextEvent(pool, 'splitBrain')
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => pool.query('insert into alone values ($1)', [`warn ${i}`])),
    )
    expect((await split).verdict).toMatchObject({ kind: 'primary', rule: 'policyWarn' })
    expect(await Promise.all(cluster.nodes.map((node) => countRows(node, 'alone')))).toEqual([20, 0])
  })

  test('load balancing never spreads writes over two primaries', async () => {
    const options = { connectionString: cluster.url, loadBalanceHosts: true, splitBrain: 'off' } as const
    await using pool = disposablePool(options)
    await pool.query('select 1')
    await untilCluster(pool, ({ verdict }) => verdict.evidence.length === 2)
    for (const node of cluster.nodes) await node.query('truncate alone')
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => pool.query('insert into alone values ($1)', [`off ${i}`])),
    )
    const counts = await Promise.all(cluster.nodes.map((node) => countRows(node, 'alone')))
    expect(counts.sort()).toEqual([0, 20])
  })
})

describe('another cluster in the list', () => {
  test('is never read from nor written to', async () => {
    await using cluster = await startCluster({ nodes: 2 })
    await using foreign = await startCluster({ nodes: 1, user: cluster.user, password: cluster.password })
    const nodes = [...foreign.nodes, ...cluster.nodes]
    await using pool = disposablePool({
      hosts: nodes.map(({ host, port }) => ({ host, port })),
      user: cluster.user,
      password: cluster.password,
      database: cluster.database,
      startupGraceMillis: 5000,
    })
    await pool.query('create table here (key text)')
    expect(pool.cluster.verdict.foreign).toEqual(foreign.nodes.map(nameOf))
    const identifier = 'select system_identifier::text as id from pg_control_system()'
    const own = (await cluster.primary.query<{ id: string }>(identifier)).rows
    for (let i = 0; i < 4; i++) expect((await pool.read.query(identifier)).rows).toEqual(own)
  })
})
