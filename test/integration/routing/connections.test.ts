// How many connections there are, for what and where; counted by the servers.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { POOL_ENGINES } from '../../support/pool-engines.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
})
afterAll(async () => {
  await cluster.stop()
})

/** The processes that serve this application on a node. */
async function sessionsOn(node: ClusterNode, application: string): Promise<readonly string[]> {
  const { rows } = await node.query(
    `select pid::text from pg_stat_activity where application_name = '${application}' order by 1`,
  )
  return rows.map((row) => String(row.pid))
}

const PID = 'select pg_backend_pid()::text as pid, pg_sleep(0.1)'

test('reads and writes have limits of their own', async () => {
  await using pool = disposablePool({
    connectionString: cluster.url,
    targetServerType: 'preferPrimary',
    readMax: 1,
    writeMax: 3,
  })
  const asked = { read: 6, write: 9 }
  for (const intent of ['read', 'write'] as const) {
    const answers = await Promise.all(Array.from({ length: asked[intent] }, () => pool[intent].query(PID)))
    const pids = new Set(answers.map(({ rows }) => rows[0].pid))
    expect({ intent, connections: pids.size }).toEqual({ intent, connections: intent === 'read' ? 1 : 3 })
  }
  expect([pool.options.max, pool.read.options.max, pool.write.options.max]).toEqual([3, 1, 3])
})

const KEEPING = POOL_ENGINES.filter(([name]) => name !== 'none')

test.each(KEEPING)(
  'the next primary is written to by sessions that were opened before it was one, by %s',
  async (...[, poolEngine]) => {
    await using cluster = await startCluster({ nodes: 3 })
    await using pool = disposablePool({
      connectionString: cluster.url,
      application_name: 'kept ready',
      poolEngine,
      writeMax: 4,
      writeMin: 4,
      startupGraceMillis: 5000,
      // A machine too busy to answer a look is no death of a standby.
      probeTimeoutMillis: 10_000,
    })
    await pool.query('create table if not exists notes (n int)')
    const next = await cluster.mostAdvancedStandby()
    for (const node of cluster.standbys) {
      await until(
        async () => ((await sessionsOn(node, 'kept ready')).length === 4 ? true : null),
        'four sessions',
      )
    }
    const before = await sessionsOn(next, 'kept ready')
    await cluster.primary.kill()
    const writes = Array.from({ length: 12 }, () =>
      pool.query(
        'with w as (insert into notes values (1)) select pg_backend_pid()::text as pid, pg_sleep(0.1)',
      ),
    )
    await next.promote()
    const served = new Set((await Promise.all(writes)).map(({ rows }) => rows[0].pid))
    expect([...served].filter((pid) => !before.includes(pid))).toEqual([])
    expect(await sessionsOn(next, 'kept ready')).toEqual(before)
  },
)
