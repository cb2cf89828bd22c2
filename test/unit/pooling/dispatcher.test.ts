// The dispatcher with a guide and a pool of its own: what becomes of a request between choosing a node and having a
// connection.
import { describe, expect, test, vi } from 'vitest'
import { initialState } from '../../../src/failover/cluster-state.ts'
import type { Attempt, Lease } from '../../../src/pooling/attempt.ts'
import { Dispatcher } from '../../../src/pooling/dispatcher.ts'
import type { Accepts, Guide } from '../../../src/pooling/guide.ts'
import type { AcquireCallback } from '../../../src/pooling/node-pool.ts'
import { NotTriedError } from '../../../src/pooling/not-tried.ts'
import type { PoolSet } from '../../../src/pooling/pool-set.ts'
import { SESSION, type TrackedClient } from '../../../src/pooling/tracked-client.ts'
import type { Selection } from '../../../src/routing/select-node.ts'
import type { NodeView } from '../../../src/topology/node-view.ts'
import { hosts, POLICY } from '../../support/cluster-script.ts'

const PRIMARY: Selection = { kind: 'use', node: 'a:5432' }
const WAIT: Selection = { kind: 'wait' }
const [NODE] = initialState(hosts(['a']), POLICY, 0).view.nodes as [NodeView]
const REFUSED = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })

/** By then what was answered has been heard. */
function settled(): Promise<void> {
  return new Promise(setImmediate)
}

function setUp({ failoverTimeoutMillis = 1000, inHotStandby = false, random = 0 } = {}) {
  const world = {
    selection: PRIMARY as Selection,
    isFit: true,
    /** To the question for its role. */
    answer: () => ({ rows: [{ standby: 't' }] }),
    reports: [] as string[],
    released: [] as unknown[],
    asked: [] as AcquireCallback[],
    now: 0,
  }
  const pool = {
    node: 'a:5432',
    generation: 0,
    acquire: (callback: AcquireCallback) => world.asked.push(callback),
    dropStartupOptions: () => false,
  }
  const guide: Guide = {
    monitored: true,
    state: initialState(hosts(['a', 'b']), POLICY, 0),
    start: () => {},
    select: (_request, _avoid, accepts) => (accepts === undefined || accepts(NODE) ? world.selection : WAIT),
    isFit: () => world.isFit,
    report: (_node, failure) => world.reports.push(failure.sign),
    look: () => {},
  }
  const dispatcher = new Dispatcher({
    maxWaiting: 100,
    guide,
    pools: { get: () => pool, end: async () => {} } as unknown as PoolSet,
    failoverTimeoutMillis,
    clock: () => world.now,
    random: () => random,
  })
  const client = {
    [SESSION]: { inHotStandby, readOnly: false },
    query: async () => world.answer(),
  } as unknown as TrackedClient
  const connected = (): void => {
    const callback = world.asked.shift()
    callback?.(undefined, client, (destroy) => world.released.push(destroy))
  }
  const refused = (): void => {
    world.asked.shift()?.(REFUSED, undefined as never, () => {})
  }
  const acquire = (accepts?: Accepts): Promise<Lease | Error> =>
    new Promise((resolve) => {
      const attempt: Attempt = {
        request: { target: 'read-write', intent: 'write' },
        ...(accepts === undefined ? {} : { accepts }),
        failures: 0,
        sinceMillis: null,
        callback: (error, lease) => resolve(lease ?? error ?? new Error('Neither a lease nor an error')),
      }
      dispatcher.acquire(attempt)
    })
  return { world, dispatcher, pool, connected, refused, acquire }
}

describe('between choosing a node and having a connection', () => {
  test('the view changed: the connection goes back unused, and the request waits for a node that is fit', async () => {
    const { world, dispatcher, connected, acquire } = setUp()
    const served = acquire()
    world.isFit = false
    world.selection = WAIT
    connected()
    expect(world.released).toEqual([undefined])
    expect(dispatcher.waitingCount).toBe(1)
    world.isFit = true
    world.selection = PRIMARY
    dispatcher.wake()
    connected()
    expect(await served).toMatchObject({ pool: { node: 'a:5432' } })
    expect(dispatcher.waitingCount).toBe(0)
  })

  test('the connection leads to a standby: it ends, the node is doubted, another is chosen', async () => {
    const { world, dispatcher, connected, acquire } = setUp({ inHotStandby: true })
    const served = acquire()
    world.selection = WAIT
    connected()
    await settled()
    expect(world.released).toEqual([true])
    expect(world.reports).toEqual(['demoted'])
    const told = new Error('told')
    world.selection = { kind: 'refuse', error: told }
    dispatcher.wake()
    expect(await served).toBe(told)
  })

  test('the connection was opened before a promotion: it is asked, and used', async () => {
    const { world, connected, acquire } = setUp({ inHotStandby: true })
    world.answer = () => ({ rows: [{ standby: 'f' }] })
    const served = acquire()
    connected()
    expect(await served).toMatchObject({ pool: { node: 'a:5432' } })
    expect({ reports: world.reports, released: world.released }).toEqual({ reports: [], released: [] })
  })

  test('it is lost when it is asked: nothing was sent, another is made', async () => {
    const { world, connected, acquire } = setUp({ inHotStandby: true })
    const answer = world.answer
    world.answer = () => {
      throw REFUSED
    }
    const served = acquire()
    connected()
    await settled()
    expect({ reports: world.reports, released: world.released }).toEqual({
      reports: ['refused'],
      released: [REFUSED],
    })
    world.answer = () => ({ ...answer(), rows: [{ standby: 'f' }] })
    connected()
    expect(await served).toMatchObject({ pool: { node: 'a:5432' } })
  })

  test('the generation ended: nothing was sent, a node is chosen anew', async () => {
    const { world, connected, acquire } = setUp()
    const served = acquire()
    world.asked.shift()?.(new NotTriedError('The generation has ended'), undefined as never, () => {})
    connected()
    expect(await served).toMatchObject({ pool: { node: 'a:5432' } })
    expect(world.reports).toEqual([])
  })

  test('an error of an older generation is not reported', async () => {
    const { world, pool, acquire } = setUp()
    void acquire()
    pool.generation = 1
    world.selection = WAIT
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    world.asked.shift()?.(refused, undefined as never, () => {})
    expect(world.reports).toEqual([])
  })

  test('the deadline has passed: the error names every node and has the last failure as its cause', async () => {
    const { world, acquire } = setUp({ failoverTimeoutMillis: 0 })
    const served = acquire()
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    world.asked.shift()?.(refused, undefined as never, () => {})
    const error = await served
    expect(error).toMatchObject({ code: 'PGHA_NO_PRIMARY', cause: refused })
    expect((error as Error).message).toMatch(/a:5432 .*b:5432 /)
    expect(world.reports).toEqual(['refused'])
  })

  test('the pool ends: whoever waits, or pauses before another try, is told', async () => {
    const { world, dispatcher, acquire } = setUp({ random: 0.9 })
    const pausing = acquire()
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    for (let i = 0; i < 3; i++) world.asked.shift()?.(refused, undefined as never, () => {})
    world.selection = WAIT
    const waiting = acquire()
    await dispatcher.end()
    for (const outcome of await Promise.all([pausing, waiting])) {
      expect((outcome as Error).message).toMatch(/after calling end/)
    }
    expect(dispatcher.waitingCount).toBe(0)
  })

  test('the pool ends while a connection is made, and the node is no longer fit: refused, nothing is opened anew', async () => {
    const { world, dispatcher, connected, acquire } = setUp()
    const served = acquire()
    await dispatcher.end()
    world.isFit = false
    connected()
    expect(((await served) as Error).message).toMatch(/after calling end/)
    expect(world.released).toEqual([undefined])
    expect({ asked: world.asked.length, waiting: dispatcher.waitingCount }).toEqual({ asked: 0, waiting: 0 })
  })
})

describe('after the deadline', () => {
  test('a request that a node is fit for has one more try', async () => {
    const { world, refused, connected, acquire } = setUp()
    const served = acquire()
    refused()
    world.now = 5000
    refused()
    connected()
    expect(await served).toMatchObject({ pool: { node: 'a:5432' } })
  })

  test('the last try is the last', async () => {
    const { world, refused, acquire } = setUp()
    const served = acquire()
    refused()
    world.now = 5000
    refused()
    refused()
    expect(await served).toMatchObject({ code: 'PGHA_NO_PRIMARY', cause: REFUSED, waitedMillis: 5000 })
    expect(world.asked).toEqual([])
  })
})

describe('a request with conditions of its own', () => {
  test('that time alone fulfils goes on without being woken', async () => {
    vi.useFakeTimers()
    try {
      const { dispatcher, connected, acquire } = setUp()
      let isMet = false
      const served = acquire(() => isMet)
      vi.advanceTimersByTime(300)
      expect(dispatcher.waitingCount).toBe(1)
      isMet = true
      vi.advanceTimersByTime(100)
      connected()
      expect(await served).toMatchObject({ pool: { node: 'a:5432' } })
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})
