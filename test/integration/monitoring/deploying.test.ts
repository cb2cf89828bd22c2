// The SQL that the page on deploying gives for the monitor's role, as it stands there, on a real cluster.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

const PASSWORD = 'monitor'
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
})
afterAll(() => cluster?.stop())

test('the role for the monitor can be created as the page says, and sees the timeline of a standby', async () => {
  const page = await readFile(new URL('../../../docs/deploying.md', import.meta.url), 'utf8')
  const [block = '', ...others] = [...page.matchAll(/```sql\n([^`]+)```/g)].map(([, text]) => text ?? '')
  expect(others).toEqual([])
  await cluster.primary.query('create database app')
  const statements = block.replace("'...'", `'${PASSWORD}'`).split(';')
  for (const statement of statements) if (statement.trim() !== '') await cluster.primary.query(statement)
  await cluster.waitForReplication()
  await using pool = disposablePool({
    ...{ connectionString: cluster.url, monitorUser: 'pgha_monitor', monitorPassword: PASSWORD },
  })
  await pool.query('select 1')
  const { nodes } = await untilCluster(pool, (seen) =>
    seen.nodes.some(({ state, timeline }) => state === 'standby' && timeline !== null),
  )
  expect(nodes.map(({ state }) => state)).toEqual(['primary', 'standby'])
})
