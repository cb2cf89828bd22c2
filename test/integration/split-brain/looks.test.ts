// What a look at a real server brings home, by who asks, and what looking costs: one statement over one kept connection.
import { readFileSync } from 'node:fs'
import pg, { type PoolConfig } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { monotonicClock } from '../../../src/monitoring/clock.ts'
import { readHistory } from '../../../src/monitoring/history-reader.ts'
import { Prober } from '../../../src/monitoring/prober.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import type { ProbeAnswer } from '../../../src/topology/probe-result.ts'
import { parseHistory } from '../../../src/topology/timeline-history.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

const ROLES = { plain: 'login', looker: 'login replication in role pg_monitor', other: 'login replication' }
const PASSWORD = 'secret'
// A look, or the reading of a history, may take its time on a busy machine: nothing here is about silence.
const PATIENT = { probeIntervalMillis: 50, probeTimeoutMillis: 20_000 }
const settings = {
  ...{ log_connections: 'on', log_statement: 'all', log_replication_commands: 'on' },
  log_line_prefix: '%m [%p] <%u> ',
}

let cluster: Cluster
let primary: ClusterNode
let standbys: readonly ClusterNode[]
beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, settings })
  primary = cluster.primary
  standbys = cluster.standbys
  for (const [role, rights] of Object.entries(ROLES)) {
    await primary.query(`create role ${role} ${rights} password '${PASSWORD}'`)
  }
  await primary.query('create table waits (key text)')
  await cluster.waitForReplication()
})
afterAll(() => cluster.stop())

test('whom a standby follows is seen with pg_monitor; that it receives, by any role', async () => {
  const upstream = { host: primary.host, port: primary.directPort }
  for (const standby of standbys) {
    expect(await look(standby, 'looker')).toMatchObject({ receiving: true, timeline: 1, upstream })
    expect(await look(standby, 'plain')).toMatchObject({ receiving: true, timeline: null, upstream: null })
  }
})

test('a primary whose synchronous standby is not there is known to be unable to commit, and is', async () => {
  const canCommit = async (user: string) => (await look(primary, user)).canCommit
  expect(await canCommit('plain')).toBe(true)
  await setSynchronous('*')
  await until(async () => ((await canCommit('looker')) === true ? true : null), 'a synchronous standby')
  expect(await canCommit('plain')).toBe(null)
  await setSynchronous('nobody')
  await until(async () => ((await canCommit('looker')) === false ? true : null), 'no synchronous standby')
  expect(await canCommit('plain')).toBe(null)
  const insert = primary.query(`insert into waits values ('for nobody')`)
  const waiting = `select 1 from pg_stat_activity where wait_event = 'SyncRep'`
  await until(async () => (await primary.query(waiting)).rows[0] ?? null, 'the commit to hang')
  await setSynchronous('FIRST 3 (*)')
  await until(async () => ((await canCommit('plain')) === false ? true : null), 'too few to be enough')
  await setSynchronous('')
  await insert
  expect(await canCommit('plain')).toBe(true)
})

test('while nobody disputes it a look is one statement over one connection, whatever the role may see', async () => {
  for (const user of ['plain', 'looker']) {
    const before = logged(user)
    const pool = disposablePool({
      ...{ connectionString: cluster.url, monitorUser: user, monitorPassword: PASSWORD },
      ...PATIENT,
    })
    await pool.query('select 1')
    const { revision } = await untilCluster(pool, (seen) => seen.revision >= 15)
    await pool.end()
    const after = logged(user)
    const count = (kind: keyof typeof after) => after[kind] - before[kind]
    expect(count('connections')).toBe(cluster.nodes.length)
    expect(count('replicationCommands')).toBe(0)
    // Those that were under way at the end are not in the view.
    expect(count('statements')).toBeGreaterThanOrEqual(revision)
    expect(count('statements')).toBeLessThanOrEqual(revision + 2 * cluster.nodes.length)
  }
})

test('where a timeline comes from is read by who may use the replication protocol, once for each timeline', async () => {
  const next = standbys[0] as ClusterNode
  const pools = ['looker', 'plain'].map((monitorUser) =>
    disposablePool({
      ...{ connectionString: cluster.url, monitorUser, monitorPassword: PASSWORD },
      ...PATIENT,
    }),
  )
  try {
    for (const pool of pools) await pool.query('select 1')
    await next.promote()
    const content = `select pg_read_file('pg_wal/00000002.history') as content`
    const { rows } = await next.query<{ content: string }>(content)
    const history = parseHistory(2, rows[0]?.content ?? '')
    expect(history?.switches).toHaveLength(1)
    for (const user of ['looker', 'other']) {
      expect(await readHistory(2, asked(next, user))).toEqual({ timeline: 2, history })
    }
    const hidden = { timeline: 2, history: null }
    expect(await readHistory(2, asked(next, 'plain'))).toEqual(hidden)
    expect(await readHistory(2, asked(primary, 'looker'))).toEqual(hidden)
    // That may pass: no room, and nobody there.
    const crowd = await walSendersOf(next, 'other')
    expect(await readHistory(2, asked(next, 'looker'))).toBe(null)
    await Promise.all(crowd.map((client) => client.end()))
    const { connection, ...rest } = asked(next, 'looker')
    expect(await readHistory(2, { ...rest, connection: { ...connection, port: 1 } })).toBe(null)

    const [told, untold] = await Promise.all(
      pools.map((pool) => untilCluster(pool, (seen) => seen.verdict.evidence.some(isOfTimeline(2)))),
    )
    expect(untold?.verdict.evidence.find(isOfTimeline(2))?.history).toBe(null)
    const looks = told?.revision ?? 0
    await Promise.all(pools.map((pool) => untilCluster(pool, (seen) => seen.revision > looks + 30)))
    expect(pools[0]?.cluster.verdict.evidence.find(isOfTimeline(2))?.history).toEqual(history)
    // The two of this test that may, and the pool's once: IDENTIFY_SYSTEM and TIMELINE_HISTORY each.
    const commands = ['looker', 'other', 'plain'].map((user) => logged(user).replicationCommands)
    expect(commands).toEqual([2 + 2 + 1, 2, 0])
  } finally {
    for (const pool of pools) await pool.end()
  }
})

const isOfTimeline =
  (wanted: number) =>
  ({ timeline }: { timeline: number | null }): boolean =>
    timeline === wanted

async function look(node: ClusterNode, user: string): Promise<ProbeAnswer> {
  const prober = new Prober({ ...asked(node, user), onLost: () => {} })
  const result = await prober.probe()
  prober.close()
  if (result.kind !== 'answer') throw new Error(`An answer was expected: ${result.message}`)
  return result
}

function asked(node: ClusterNode, user: string) {
  const { host, directPort: port } = node
  const connection: PoolConfig = { user, password: PASSWORD, database: cluster.database, host, port }
  return { connection, timeoutMillis: 20_000, clock: monotonicClock }
}

/** As many connections of the replication protocol as the server has room for. */
async function walSendersOf(node: ClusterNode, user: string): Promise<readonly pg.Client[]> {
  const clients: pg.Client[] = []
  for (;;) {
    const client = new pg.Client({
      ...asked(node, user).connection,
      replication: 'database',
    } as pg.ClientConfig)
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      expect(error).toMatchObject({ code: '53300' })
      return clients
    }
    clients.push(client)
  }
}

async function setSynchronous(names: string): Promise<void> {
  await primary.query(`alter system set synchronous_standby_names = '${names}'`)
  await primary.reload()
}

/** How often a role came up in the logs of all nodes. */
function logged(user: string) {
  const lines = cluster.nodes.flatMap(({ logFile }) => readFileSync(logFile, 'utf8').split('\n'))
  const own = lines.filter((line) => line.includes(`<${user}>`))
  const count = (text: string): number => own.filter((line) => line.includes(text)).length
  return {
    connections: count('connection authorized'),
    statements: count('LOG:  statement: '),
    replicationCommands: count('received replication command: '),
  }
}
