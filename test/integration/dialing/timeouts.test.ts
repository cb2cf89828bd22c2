// Timeouts and keep-alive as connection strings give them: every step of a connect ends in time, and what Node can set of a
// socket is set.
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../../src/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { startMockCluster } from '../../support/mock-server.ts'
import { ScriptedLookup } from '../../support/scripted-lookup.ts'
import { rejection } from '../../support/workload.ts'
import { whoAnswers } from '../choosing/ask.ts'

const LOGIN: PoolOptions = { user: 'app', database: 'app' }

describe('a connect that is never answered ends in time', () => {
  test.each([
    ['in its lookup', 'primary', 'never', 'prefer'],
    ['before TLS', 'silent', ['127.0.0.1'], 'require'],
    ['at its login', 'silent', ['127.0.0.1'], 'disable'],
    ['after its login', 'hang', ['127.0.0.1'], 'disable'],
  ] as const)('%s', async (_, kind, leads, sslmode) => {
    await using mocks = await startMockCluster([kind])
    const { lookup } = new ScriptedLookup({ 'db.test': leads })
    const connectionString = `host=db.test port=${mocks.hosts[0]?.port} sslmode=${sslmode} connect_timeout=1`
    await using pool = disposablePool({ ...LOGIN, lookup, connectionString })
    const [first, second] = await Promise.all([rejection(pool.connect()), rejection(pool.query('select 1'))])
    for (const error of [first, second]) expect(error.message).toMatch(/timeout/)
  })

  test('and its time is shared by the addresses of a name', async () => {
    await using mocks = await startMockCluster(['silent', 'primary'], {
      addresses: ['127.0.0.1', '127.0.0.2'],
    })
    const { lookup } = new ScriptedLookup({ 'db.test': ['127.0.0.1', '127.0.0.2'] })
    const connectionString = `host=db.test port=${mocks.hosts[0]?.port} sslmode=prefer connect_timeout=4`
    await using pool = disposablePool({ ...LOGIN, lookup, connectionString })
    expect(await whoAnswers(pool)).toBe(1)
  })
})

class RecordingSocket extends Socket {
  readonly asked: unknown[] = []

  override setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.asked.push([enable, initialDelay])
    return super.setKeepAlive(enable, initialDelay)
  }
}

describe('keep-alive', () => {
  test.each([
    ['keepalives=1 keepalives_idle=30', [[true, 30_000]]],
    ['keepalives=1', [[true, 0]]],
    ['keepalives=0', []],
  ])('%s', async (parameters, expected) => {
    await using mocks = await startMockCluster(['primary'])
    const sockets: RecordingSocket[] = []
    await using pool = disposablePool({
      ...LOGIN,
      connectionString: `host=127.0.0.1 port=${mocks.hosts[0]?.port} ${parameters}`,
      targetServerType: 'primary',
      stream: () => {
        const socket = new RecordingSocket()
        sockets.push(socket)
        return socket
      },
    })
    expect(await whoAnswers(pool)).toBe(0)
    expect(sockets.length).toBeGreaterThan(1)
    for (const { asked } of sockets) expect(asked).toEqual(expected)
  })
})
