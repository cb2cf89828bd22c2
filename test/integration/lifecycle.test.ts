// The beginning and the end of a pool, seen from outside: what it leaves running, and whether a program may exit.
import { execFile } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Pool } from '../../src/index.ts'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { until } from '../support/await-event.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
})
afterAll(() => cluster.stop())

interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** Runs a program against the cluster; it has to end by itself before the deadline. */
function program(body: string): Promise<Outcome> {
  const entry = new URL('../../src/index.ts', import.meta.url).href
  const text = `const { Pool } = await import(${JSON.stringify(entry)})\nconst url = process.env.URL\n${body}`
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', text],
      { timeout: 20_000, env: { ...process.env, URL: cluster.url } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        resolve({ code, output: stdout + stderr })
      },
    )
  })
}

test('a constructor connects to nothing and keeps nothing running', async () => {
  const { code, output } = await program(`new Pool({ connectionString: url }); console.log('made')`)
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: 'made' })
})

test('a program ends by itself after end(): no timer, no socket is left', async () => {
  const { code } = await program(`
    const pool = new Pool({ connectionString: url })
    await pool.query('select 1'); await pool.read.query('select 1')
    const client = await pool.connect(); client.release()
    await pool.end()`)
  expect(code).toBe(0)
})

test('allowExitOnIdle: the monitor alone never keeps a program running', async () => {
  const { code, output } = await program(`
    const pool = new Pool({ connectionString: url, allowExitOnIdle: true })
    console.log((await pool.query('select 1 as one')).rows[0].one)`)
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: '1' })
})

test('a program that waits for a primary does not exit before it has its answer', async () => {
  const { code, output } = await program(`
    const pool = new Pool({ host: '127.0.0.1,127.0.0.1', port: '1,2', failoverTimeoutMillis: 700 })
    await pool.query('select 1').catch((error) => console.log(error.code))`)
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: 'PGHA_NO_PRIMARY' })
})

test('a death at rest, and one in use without a listener, end no program', async () => {
  const { code, output } = await program(`
    const pool = new Pool({ connectionString: url, max: 3 })
    const client = await pool.connect()
    await Promise.all([pool.query('select 1'), pool.query('select 2')])
    const pids = (await client.query("select pid from pg_stat_activity where application_name <> 'pg-ha monitor' and backend_type = 'client backend' and pid <> pg_backend_pid()")).rows
    for (const { pid } of pids) await client.query('select pg_terminate_backend($1)', [pid])
    await client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {})
    client.release()
    console.log((await pool.query('select 3 as three')).rows[0].three)
    await pool.end()`)
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: '3' })
})

test('a pool at rest holds one monitoring connection a node, and none after its end', async () => {
  const monitors = async (): Promise<readonly number[]> =>
    Promise.all(
      cluster.nodes.map(async (node) => {
        const { rows } = await node.query(
          `select 1 from pg_stat_activity where application_name = 'pg-ha monitor'`,
        )
        return rows.length
      }),
    )
  const pool = new Pool({ connectionString: cluster.url, probeIntervalMillis: 20 })
  await pool.query('select 1')
  const until3 = async () => ((await monitors()).join() === '1,1,1' ? true : null)
  await until(until3, 'one monitor a node')
  await pool.end()
  await until(async () => ((await monitors()).join() === '0,0,0' ? true : null), 'no monitor')
})

test('one host without a target opens no monitor', async () => {
  const pool = new Pool({ connectionString: cluster.nodes[0]?.url ?? '' })
  await pool.query('select 1')
  const { rows } = await pool.query(`select 1 from pg_stat_activity where application_name = 'pg-ha monitor'`)
  expect(rows).toEqual([])
  expect(pool.cluster.revision).toBe(0)
  await pool.end()
})
