// The password is in no error, event, log, picture or printout, whatever goes wrong.
import { execFile } from 'node:child_process'
import { inspect, promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Pool } from '../../src/index.ts'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { rejection } from '../support/workload.ts'

const run = promisify(execFile)
const SECRET = 'S3cr&t/+%?'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, password: SECRET })
})
afterAll(() => cluster.stop())

function forms(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret)]
}

function expectClean(text: string): void {
  for (const form of forms(SECRET)) expect(text).not.toContain(form)
}

test('a pool printed in every way, at rest, connected and ended', async () => {
  const pool = new Pool({ connectionString: cluster.url, monitorUser: cluster.user, monitorPassword: SECRET })
  const print = (): void => {
    expectClean(inspect(pool, { depth: 12, getters: true }))
    expectClean(inspect(pool.read, { depth: 12 }))
    expectClean(JSON.stringify([pool.options, pool.cluster, pool.read.options]))
  }
  print()
  await pool.query('select 1')
  const client = await pool.connect()
  expectClean(inspect(client, { depth: 4 }))
  client.release()
  print()
  await pool.end()
  print()
})

test('errors of every kind', async () => {
  const pool = new Pool({ connectionString: cluster.url, failoverTimeoutMillis: 200 })
  const errors: unknown[] = [await rejection(pool.query('select nonsense'))]
  for (const node of cluster.nodes) await node.stop()
  errors.push(await rejection(pool.query('select 1')), await rejection(pool.read.query('select 1')))
  await pool.end()
  for (const node of cluster.nodes) await node.start()
  const wrong = new Pool({ connectionString: cluster.url, user: 'nobody' })
  errors.push(await rejection(wrong.query('select 1')))
  await wrong.end()
  for (const error of errors) expectClean(inspect(error, { depth: 12 }) + JSON.stringify(error))
})

test('what DEBUG=pg-ha:* prints', async () => {
  const entry = new URL('../../src/index.ts', import.meta.url).href
  const program = `
    const { Pool } = await import(${JSON.stringify(entry)})
    const pool = new Pool({ connectionString: process.env.URL })
    await pool.query('select 1')
    await pool.end()
    const wrong = new Pool({ connectionString: process.env.URL, user: 'nobody' })
    await wrong.query('select 1').catch(() => {})
    await wrong.end()`
  const { stderr } = await run(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    {
      timeout: 20_000,
      env: { ...process.env, DEBUG: 'pg-ha:*', URL: cluster.url },
    },
  )
  expect(stderr).toMatch(/pg-ha:monitor/)
  expect(stderr).toMatch(/pg-ha:judge/)
  expectClean(stderr)
})
