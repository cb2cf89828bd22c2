// The demo as a person starts it: what it prints, and how it ends.
import { once } from 'node:events'
import net from 'node:net'
import { expect, test } from 'vitest'
import { runNode } from '../support/run-node.ts'

const DEMO = 'examples/demo/main.ts'

test('--json prints one object, in which nothing is lost, doubled or misplaced, and ends with 0', async () => {
  const { code, stdout, stderr } = await runNode(DEMO, { args: ['--json'], deadlineMillis: 30_000 })
  const report = JSON.parse(stdout)
  expect({ code, ...report }, stderr).toMatchObject({ code: 0, lost: 0, doubled: 0, onStalePrimary: 0 })
  expect(report.acknowledged).toBeGreaterThan(100)
  expect(report.found).toBe(report.acknowledged)
  expect(report.stalePrimary.tookMarker).toBe(true)
  expect(report.stalePrimary.rowsAfter).toBe(report.stalePrimary.rowsBefore)
  // The primary stays dead for a second before anybody promotes a standby.
  expect(report.downtimeMillis).toBeGreaterThan(1000)
  expect(report.clientDelayMillis).toBeGreaterThanOrEqual(0)
  for (const count of Object.values(report.errors)) expect(count).toBeTypeOf('number')
})

test('an interrupt ends it at once, cluster and all', async () => {
  const { code, stdout, stderr } = await runNode(DEMO, {
    deadlineMillis: 30_000,
    watch: (text, interrupt) => {
      if (text.includes('writes/s')) interrupt()
    },
  })
  expect(code).toBe(130)
  expect(stderr).toContain('Interrupted')
  expect(stdout).not.toContain('Rows acknowledged')
  const [, port] = /primary 127\.0\.0\.1:(\d+)/.exec(stdout) ?? []
  await expect(once(net.connect(Number(port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
})
