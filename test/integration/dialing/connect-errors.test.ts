// What a request that found no node tells of every host: how far the connect to it came, where, and why not further.
import { expect, test } from 'vitest'
import { NoPrimaryError } from '../../../src/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { startMockCluster } from '../../support/mock-server.ts'
import { ScriptedLookup } from '../../support/scripted-lookup.ts'
import { rejection } from '../../support/workload.ts'

test('an error lists every host: address, phase, code, role, milliseconds', async () => {
  const kinds = ['down', 'silent', 'err:53300', 'err:57P03', 'late:57P01', 'hang', 'standby'] as const
  await using mocks = await startMockCluster(kinds)
  const names = new ScriptedLookup({})
  await using pool = disposablePool({
    host: ['nowhere.test', ...mocks.hosts.map(() => '127.0.0.1')],
    port: [5432, ...mocks.hosts.map(({ port }) => port)],
    ...{ user: 'app', database: 'app', lookup: names.lookup },
    ...{ startupGraceMillis: 20_000, probeTimeoutMillis: 500, failoverTimeoutMillis: 100 },
  })
  pool.query('select 1').catch(() => {})
  await untilCluster(pool, ({ nodes }) => nodes.every(({ checkedAt }) => checkedAt !== null))
  const error = (await rejection(pool.query('select 1'))) as NoPrimaryError
  expect(error).toBeInstanceOf(NoPrimaryError)
  const at = { host: '127.0.0.1', address: '127.0.0.1', role: null }
  expect(error.nodes).toMatchObject([
    { host: 'nowhere.test', state: 'unreachable', phase: 'lookup', code: 'ENOTFOUND', address: null },
    { ...at, state: 'unreachable', phase: 'tcp', code: 'ECONNREFUSED' },
    { ...at, state: 'unreachable', phase: 'authentication', code: 'ETIMEDOUT' },
    { ...at, phase: 'authentication', code: '53300' },
    { ...at, state: 'starting', phase: 'authentication', code: '57P03' },
    { ...at, phase: 'authentication', code: '57P01' },
    { ...at, state: 'unreachable', phase: 'authentication', code: 'ETIMEDOUT' },
    { host: '127.0.0.1', state: 'standby', role: 'standby', phase: null, code: undefined },
  ])
  for (const { phase, elapsedMillis } of error.nodes) {
    if (phase === null) expect(elapsedMillis).toBeNull()
    else expect(elapsedMillis).toBeGreaterThanOrEqual(0)
  }
  const port = mocks.hosts[0]?.port
  expect(error.message).toMatch(
    new RegExp(`127.0.0.1:${port} unreachable for \\d+ ms: tcp 127.0.0.1 ECONNREFUSED after \\d+ ms`),
  )
})
