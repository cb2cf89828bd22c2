// pgjdbc's own multi-host scenarios against scripted servers: one connection after another, each by a pool of its own.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { disposablePool } from '../../support/disposable.ts'
import { type HostKind, readHostKind } from '../../support/host-kind.ts'
import { type MockCluster, startMockCluster } from '../../support/mock-server.ts'
import { checkRows } from '../../support/spec-table.ts'
import { strictMapping } from '../../support/strict-mapping.ts'
import { decided, deterministic, whoAnswers } from './ask.ts'

const FILE = new URL('../../spec/choosing/pgjdbc-scenarios.yaml', import.meta.url)
const { rows, faults } = checkRows(parse(readFileSync(FILE, 'utf8')), { required: ['hosts', 'steps'] })

test('the table is well formed', () => {
  expect(faults).toEqual([])
  expect(rows.length).toBeGreaterThan(5)
})

test.each(rows.map((row) => [String(row.name), row] as const))('%s', async (_, row) => {
  const names = Object.keys(row.hosts as object)
  const kinds = Object.values(row.hosts as object).map(readHostKind)
  await using mocks = await startMockCluster(kinds)
  for (const given of row.steps as readonly unknown[]) {
    const step = strictMapping(given, {
      required: ['connect', 'list', 'expect'],
      optional: ['loadBalanceHosts'],
    })
    const asked = await answers({ names, kinds, mocks, step })
    expect([...new Set(asked)].sort(), JSON.stringify(step)).toEqual(String(step.expect).split(' ').sort())
  }
})

/** The names of the hosts that answer: of one connection, or of many where the load is spread. */
async function answers(given: {
  names: readonly string[]
  kinds: readonly HostKind[]
  mocks: MockCluster
  step: Readonly<Record<string, unknown>>
}): Promise<readonly string[]> {
  const { names, kinds, mocks, step } = given
  const list = String(step.list).split(' ')
  const indexes = list.map((name) => names.indexOf(name))
  const ports = indexes.map((index) => mocks.hosts[index]?.port)
  const query = `targetServerType=${step.connect}&loadBalanceHosts=${step.loadBalanceHosts === true}`
  const listed = indexes.flatMap((index) => kinds[index] ?? [])
  await using pool = disposablePool({
    ...deterministic(listed, step.expect === 'error'),
    connectionString: `jdbc:postgresql://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/app?${query}`,
    balancer: 'random',
  })
  await decided(pool)
  const count = step.loadBalanceHosts === true ? 40 : 1
  const found: string[] = []
  for (let i = 0; i < count; i++) {
    found.push(
      await whoAnswers(pool).then(
        (index) => names[index] ?? '?',
        () => 'error',
      ),
    )
  }
  return found
}
