// A process that was suspended wakes up with old beliefs: it must not act on them.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { countRows } from '../../support/workload.ts'

function writer(url: string): ChildProcess {
  const entry = new URL('../../../src/index.ts', import.meta.url).href
  const program = `
    const { Pool } = await import(${JSON.stringify(entry)})
    const pool = new Pool({ connectionString: process.env.URL, hostRecheckSeconds: 0.2, probeTimeoutMillis: 400,
      probeIntervalMillis: 100 })
    for (let i = 0; ; i++) {
      await pool.query('insert into woken values ($1)', [i]).then(() => console.log(i), () => {})
      await new Promise((resolve) => setTimeout(resolve, 1))
    }`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    env: { ...process.env, URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('after a long sleep the first write waits for a fresh look, and does not go to the old primary', async () => {
  await using cluster = await startCluster({ nodes: 3 })
  const old = cluster.primary
  await old.query('create table woken (i int)')
  await cluster.waitForReplication()
  const child = writer(cluster.url)
  const acknowledged: number[] = []
  if (child.stdout === null) throw new Error('No output to read')
  createInterface(child.stdout).on('line', (line) => acknowledged.push(Number(line)))
  try {
    await until(() => (acknowledged.length > 20 ? true : null), 'the first writes')
    child.kill('SIGSTOP')
    const stoppedAt = performance.now()
    const next = await cluster.mostAdvancedStandby()
    await next.promote()
    await until(() => (performance.now() - stoppedAt > 1000 ? true : null), 'every belief to be too old')
    const before = await countRows(old, 'woken')
    const inherited = await countRows(next, 'woken')
    child.kill('SIGCONT')
    await until(
      async () => ((await countRows(next, 'woken')) > inherited + 20 ? true : null),
      'writes to go on',
    )
    expect(await countRows(old, 'woken')).toBe(before)
  } finally {
    child.kill('SIGKILL')
  }
})
