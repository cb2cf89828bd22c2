// Names that lead to several addresses, to other ones in time, or nowhere: scripted servers on loopback addresses of one
// port, and a lookup function given to the pool.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { NoPrimaryError, type PoolOptions } from '../../../src/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { startMockCluster } from '../../support/mock-server.ts'
import { ScriptedLookup } from '../../support/scripted-lookup.ts'
import { rejection } from '../../support/workload.ts'
import { whoAnswers } from '../choosing/ask.ts'

const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3']

function options(port: number | undefined, names: ScriptedLookup, more: PoolOptions = {}): PoolOptions {
  return {
    ...{ host: 'db.test', port: port ?? 0, user: 'app', database: 'app' },
    ...{
      lookup: names.lookup,
      targetServerType: 'primary',
      startupGraceMillis: 5000,
      probeIntervalMillis: 100,
    },
    ...more,
  }
}

describe('a name with several addresses', () => {
  test('is several nodes, each with its own role', async () => {
    await using mocks = await startMockCluster(['standby', 'primary', 'standby'], { addresses: ADDRESSES })
    const port = mocks.hosts[0]?.port
    const names = new ScriptedLookup({ 'db.test': ADDRESSES })
    await using pool = disposablePool(options(port, names))
    expect(await whoAnswers(pool)).toBe(1)
    expect(await whoAnswers(pool.write)).toBe(1)
    expect(await whoAnswers(pool.read)).toBe(0)
    expect(pool.cluster.nodes).toMatchObject([
      { name: `db.test/127.0.0.1:${port}`, host: 'db.test', address: '127.0.0.1', state: 'standby' },
      { name: `db.test/127.0.0.2:${port}`, host: 'db.test', address: '127.0.0.2', state: 'primary' },
      { name: `db.test/127.0.0.3:${port}`, host: 'db.test', address: '127.0.0.3', state: 'standby' },
    ])
    expect(pool.cluster.primary).toBe(`db.test/127.0.0.2:${port}`)
  })

  test('goes on with the address that became the primary', async () => {
    await using mocks = await startMockCluster(['primary', 'standby'], { addresses: ADDRESSES })
    const [first, second] = mocks.hosts
    const names = new ScriptedLookup({ 'db.test': ADDRESSES.slice(0, 2) })
    await using pool = disposablePool(options(first?.port, names))
    expect(await whoAnswers(pool)).toBe(0)
    await first?.become('err:57P03')
    await untilCluster(pool, ({ nodes }) => nodes[0]?.state !== 'primary')
    await second?.become('primary')
    expect(await whoAnswers(pool)).toBe(1)
  })

  test('with one address that nobody listens at works by the others', async () => {
    await using mocks = await startMockCluster(['primary'], { addresses: ['127.0.0.2'] })
    const names = new ScriptedLookup({ 'db.test': ['127.0.0.9', '127.0.0.2'] })
    await using pool = disposablePool(options(mocks.hosts[0]?.port, names))
    expect(await whoAnswers(pool)).toBe(0)
  })
})

describe('a name is looked up again', () => {
  test('when its address fails: it is followed to where it leads then', async () => {
    await using mocks = await startMockCluster(['primary', 'primary'], {
      addresses: ADDRESSES,
      timelines: [1, 2],
    })
    const [first] = mocks.hosts
    const names = new ScriptedLookup({ 'db.test': ['127.0.0.1'] })
    // Only the failure can be the reason: the regular recheck is far away.
    await using pool = disposablePool(options(first?.port, names, { hostRecheckSeconds: 600 }))
    expect(await whoAnswers(pool)).toBe(0)
    names.set('db.test', ['127.0.0.2'])
    await first?.become('err:57P03')
    // The death of a connection at rest is heard of a moment after the server's own end.
    await untilCluster(pool, ({ nodes: [node] }) => node?.state !== 'primary' || node.address !== '127.0.0.1')
    expect(await whoAnswers(pool)).toBe(1)
    expect(pool.cluster.nodes).toMatchObject([{ name: `db.test:${first?.port}`, address: '127.0.0.2' }])
  })

  test('on each recheck: a new address is a new node, one that is gone is none', async () => {
    await using mocks = await startMockCluster(['primary', 'standby'], { addresses: ADDRESSES })
    const port = mocks.hosts[0]?.port
    const names = new ScriptedLookup({ 'db.test': ['127.0.0.1'] })
    await using pool = disposablePool(options(port, names, { hostRecheckSeconds: 0.2 }))
    expect(await whoAnswers(pool.read)).toBe(0)
    names.set('db.test', ['127.0.0.1', '127.0.0.2'])
    await untilCluster(pool, ({ nodes }) => nodes.some(({ state }) => state === 'standby'))
    expect(await whoAnswers(pool.read)).toBe(1)
    names.set('db.test', ['127.0.0.1'])
    await untilCluster(pool, ({ nodes }) => nodes.length === 1)
    expect(await whoAnswers(pool.read)).toBe(0)
  })

  test('a failing recheck changes nothing', async () => {
    await using mocks = await startMockCluster(['primary'])
    const names = new ScriptedLookup({ 'db.test': ['127.0.0.1'] })
    await using pool = disposablePool(options(mocks.hosts[0]?.port, names, { hostRecheckSeconds: 0.1 }))
    expect(await whoAnswers(pool)).toBe(0)
    names.set('db.test', { fails: 'EAI_AGAIN' })
    const { length } = names.asked
    await until(() => (names.asked.length > length + 2 ? true : null), 'more lookups')
    expect(await whoAnswers(pool)).toBe(0)
    expect(pool.cluster.nodes).toMatchObject([{ state: 'primary', address: '127.0.0.1' }])
  })
})

describe('a name that does not resolve', () => {
  test.each([
    ['fails', { fails: 'ENOTFOUND' }],
    ['is never answered', 'never'],
    ['has no address', []],
  ] as const)('because it %s harms no other host', async (_, leads) => {
    await using mocks = await startMockCluster(['standby', 'primary'])
    const ports = mocks.hosts.map(({ port }) => port)
    const names = new ScriptedLookup({ 'bad.test': leads, 'db.test': ['127.0.0.1'] })
    const host = ['bad.test', 'db.test', '127.0.0.1']
    const port = [5432, ...ports]
    await using pool = disposablePool(
      options(0, names, { host, port, startupGraceMillis: 300, probeTimeoutMillis: 300 }),
    )
    expect(await whoAnswers(pool)).toBe(1)
    expect(await whoAnswers(pool.read)).toBe(0)
  })

  test('comes in as soon as it leads somewhere', async () => {
    await using mocks = await startMockCluster(['primary'])
    const names = new ScriptedLookup({})
    await using pool = disposablePool(options(mocks.hosts[0]?.port, names))
    const asked = whoAnswers(pool)
    await until(() => (names.asked.length > 1 ? true : null), 'a second lookup')
    names.set('db.test', ['127.0.0.1'])
    expect(await asked).toBe(0)
  })

  test('is told of with its phase', async () => {
    const names = new ScriptedLookup({})
    await using pool = disposablePool(
      options(5432, names, { host: 'a.test,b.test', failoverTimeoutMillis: 300, startupGraceMillis: 100 }),
    )
    const error = await rejection(pool.query('select 1'))
    expect(error).toBeInstanceOf(NoPrimaryError)
    const known = { state: 'unreachable', phase: 'lookup', code: 'ENOTFOUND', address: null, role: null }
    expect((error as NoPrimaryError).nodes).toMatchObject([
      { host: 'a.test', ...known },
      { host: 'b.test', ...known },
    ])
    expect(error.message).toMatch(/a\.test:5432 unreachable for \d+ ms: lookup ENOTFOUND after \d+ ms/)
  })
})

describe('an abstract socket', () => {
  test.runIf(process.platform === 'linux').each(['any', 'primary'] as const)(
    'is dialled: %s',
    async (target) => {
      await using mocks = await startMockCluster(['primary'])
      const host = `@pg-ha-${process.pid}-${target}`
      const server = createServer((socket) => {
        const inner = connect(mocks.hosts[0]?.port ?? 0, '127.0.0.1')
        socket.pipe(inner).pipe(socket)
        for (const stream of [socket, inner]) stream.on('error', () => {})
      })
      server.listen(`\0${host.slice(1)}/.s.PGSQL.5432`)
      await once(server, 'listening')
      try {
        await using pool = disposablePool({ host, user: 'app', database: 'app', targetServerType: target })
        expect(await whoAnswers(pool)).toBe(0)
      } finally {
        server.close()
      }
    },
  )
})

describe('a lookup function', () => {
  test('serves a plain pool, too', async () => {
    await using mocks = await startMockCluster(['primary'])
    const names = new ScriptedLookup({ 'db.test': ['127.0.0.9', '127.0.0.1'] })
    const { targetServerType, ...plain } = options(mocks.hosts[0]?.port, names)
    await using pool = disposablePool({
      ...plain,
      startupGraceMillis: undefined,
      probeIntervalMillis: undefined,
    })
    expect(await whoAnswers(pool)).toBe(0)
    expect(names.asked).toEqual(['db.test'])
    expect(targetServerType).toBe('primary')
  })

  test('that throws is a lookup that fails', async () => {
    const lookup = (): never => {
      throw new Error('no resolver')
    }
    const hosts = { host: 'a.test,b.test', failoverTimeoutMillis: 200 }
    await using pool = disposablePool({ lookup, ...hosts })
    expect((await rejection(pool.query('select 1'))).message).toMatch(/a\.test:5432 .*lookup no resolver/)
  })
})
