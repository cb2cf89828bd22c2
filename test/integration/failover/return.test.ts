// The primary that died comes back as a standby, to a pool that has been there all the time.
import { expect, test } from 'vitest'
import { startCluster } from '../../../src/testing/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

test('a returned primary gets its share of the reads, and no write, without a restart', async () => {
  await using cluster = await startCluster({ nodes: 3 })
  await using pool = disposablePool({
    ...{ connectionString: cluster.url, loadBalanceHosts: true, balancer: 'roundRobin' },
    slowStartMillis: 1,
  })
  await pool.query('create table t (port text)')
  const old = cluster.primary
  await old.kill()
  await (await cluster.mostAdvancedStandby()).promote()
  await pool.query('select 1')
  await old.rejoin()
  const name = `${old.host}:${old.port}`
  await untilCluster(pool, ({ nodes }) => nodes.find((node) => node.name === name)?.state === 'standby')
  const port = "current_setting('port')"
  let share = 0
  for (let i = 0; i < 60; i++) {
    const { rows } = await pool.read.query<{ port: string }>(`select ${port} as port`)
    if (Number(rows[0]?.port) === old.directPort) share += 1
    await pool.query(`insert into t values (${port})`)
  }
  // Of two standbys, by turns.
  expect(share).toBeGreaterThanOrEqual(20)
  expect(share).toBeLessThanOrEqual(40)
  const { rows } = await cluster.primary.query<{ port: string }>('select distinct port from t')
  expect(rows).toEqual([{ port: String(cluster.primary.directPort) }])
})
