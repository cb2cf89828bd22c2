// Session consistency across a change of the primary, on real servers: positions of the old timeline mean nothing on the
// new one, and a process that has not noticed yet must not answer for one that has.
import { expect, test } from 'vitest'
import type { PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { CHECKER_TABLE } from '../../support/session-checker.ts'

const PASSWORD = 'secret'
const MARK = 'select mark, pg_is_in_recovery() as standby from session_marks where id = 1'
const WRITE = 'insert into session_marks values (1, $1) on conflict (id) do update set mark = excluded.mark'

async function start(): Promise<Cluster> {
  const cluster = await startCluster({ nodes: 3, settings: { recovery_min_apply_delay: '100' } })
  await cluster.primary.query(CHECKER_TABLE)
  await cluster.primary.query(`create role looker login password '${PASSWORD}'`)
  await cluster.waitForReplication()
  return cluster
}

function poolOf(cluster: Cluster, options: PoolOptions = {}) {
  return disposablePool({
    ...{ connectionString: cluster.url, loadBalanceHosts: true, startupGraceMillis: 5000 },
    ...options,
  })
}

test.each<{ who: string; options: PoolOptions }>([
  { who: 'who may see the timelines of standbys', options: {} },
  { who: 'who may not', options: { monitorUser: 'looker', monitorPassword: PASSWORD } },
])(
  'a session that goes through a failover misses nothing that the new primary has, for one $who',
  async ({ options }) => {
    await using cluster = await start()
    await using pool = poolOf(cluster, options)
    await pool.session(async () => {
      await pool.query(WRITE, [1])
      const before = await pool.sessionToken()
      expect(before).toMatch(/^pgha1\.1\./)
      await cluster.waitForReplication()
      await cluster.primary.kill()
      const next = await cluster.mostAdvancedStandby()
      await next.promote()
      expect((await pool.read.query(MARK)).rows).toMatchObject([{ mark: 1 }])
      for (let mark = 2; mark < 12; mark++) {
        await pool.query(WRITE, [mark])
        expect((await pool.read.query(MARK)).rows).toMatchObject([{ mark }])
      }
      expect(await pool.sessionToken()).toMatch(/^pgha1\.2\./)
      const served = await until(async () => {
        const { rows } = await pool.read.query(MARK)
        return rows[0].standby ? rows[0] : null
      }, 'a standby of the new timeline to serve it')
      expect(served.mark).toBe(11)
      await using another = poolOf(cluster, options)
      const { rows } = await another.session(() => another.read.query(MARK), { token: before })
      expect(rows[0].mark).toBeGreaterThanOrEqual(1)
    })
  },
)

test('what was written behind a failover is not looked for on the primary of before', async () => {
  await using cluster = await start()
  // By itself it would look again in a minute.
  await using late = poolOf(cluster, { probeIntervalMillis: 60_000, hostRecheckSeconds: 60 })
  await late.query(WRITE, [1])
  await cluster.waitForReplication()
  const old = cluster.primary
  const next = cluster.standbys[0] as ClusterNode
  // The other standby has gone over to it, so that whoever looks can tell which one counts.
  await next.promote()
  await using early = poolOf(cluster)
  const token = await early.session(async () => {
    await early.query(WRITE, [2])
    return early.sessionToken()
  })
  expect(token).toMatch(/^pgha1\.2\./)
  expect((await old.query(MARK)).rows).toEqual([{ mark: 1, standby: false }])
  const { rows } = await late.session(() => late.read.query(MARK), { token })
  expect(rows).toMatchObject([{ mark: 2 }])
  // Nor is one that no node has come to: it is asked for once, and then the primary counts.
  const ahead = await late.session(() => late.read.query(MARK), { token: 'pgha1.9.1' })
  expect(ahead.rows).toEqual([{ mark: 2, standby: false }])
})
