// The one place where beliefs change, over fake lookers and fake time: what is done in one turn, and in which order.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SplitBrainPolicy } from '../../../src/config/settings.ts'
import { Coordinator } from '../../../src/monitoring/coordinator.ts'
import type { ManagerResult } from '../../../src/topology/manager-word.ts'
import { hosts, longName, POLICY, shortName } from '../../support/cluster-script.ts'
import { managerReport } from '../../support/evidence-in-words.ts'
import { FakeLooker } from '../../support/fake-looker.ts'
import { sighting } from '../../support/sighting.ts'

const STEADY_MILLIS = 1000

/** What is done, in order, each with the verdict that was stored by then. */
function setUp({ splitBrain = 'refuse' }: { splitBrain?: SplitBrainPolicy } = {}) {
  const fails = { readings: 0 }
  const lookers = { a: new FakeLooker(), b: new FakeLooker() }
  const manager = new FakeLooker<ManagerResult>()
  const done: string[] = []
  const note = (what: string): void => {
    done.push(`${what} (${coordinator.state.verdict.rule})`)
  }
  const coordinator = new Coordinator({
    // With addresses of their own: nothing has to be looked up.
    hosts: hosts(['a', 'b']).map((host, i) => ({ ...host, hostaddr: `10.0.0.${i + 1}` })),
    policy: { ...POLICY, splitBrain },
    lookerFor: ({ name }) => lookers[shortName(name) as keyof typeof lookers],
    trace: async ({ name }, timeline) => {
      done.push(`trace ${shortName(name)} ${timeline}`)
      if (fails.readings-- > 0) return null
      return { timeline, history: { timeline, switches: [{ timeline: 1, lsn: '0/30' }] } }
    },
    manager: [{ url: 'http://m', node: longName('b'), looker: manager }],
    steadyMillis: STEADY_MILLIS,
    names: { timeoutMillis: 1000, recheckMillis: 10_000 },
    clock: () => Date.now(),
    random: () => 0.5,
    effects: {
      forget: ({ node }) => note(`forget ${shortName(node)}`),
      invalidate: ({ node, intent }) => note(`invalidate ${shortName(node)} ${intent}`),
      destroyLeased: ({ node, intent }) => note(`destroyLeased ${shortName(node)} ${intent}`),
      wake: () => note('wake'),
      emit: ({ name }) => note(`emit ${name}`),
    },
  })
  return { ...lookers, manager, coordinator, done, fails }
}

async function steady() {
  const all = setUp()
  all.coordinator.start()
  await all.b.answer('standby', Date.now())
  await all.a.answer('primary tl=1 followers=0', Date.now())
  all.done.length = 0
  return all
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})

afterEach(() => {
  expect(vi.getTimerCount(), 'a timer is left').toBe(0)
  vi.useRealTimers()
})

describe('a coordinator', () => {
  test('looks at nothing before it is started, and counts the grace from then', () => {
    const { coordinator, a } = setUp()
    vi.advanceTimersByTime(5000)
    expect(a.looks).toBe(0)
    coordinator.start()
    coordinator.start()
    expect(a.looks).toBe(1)
    expect(coordinator.state.reviewAtMillis).toBe(Date.now() + POLICY.startupGraceMillis)
    coordinator.close()
  })

  test('stores, then wakes, then emits', async () => {
    const { coordinator, a, b, done } = setUp()
    coordinator.start()
    await b.answer('standby', Date.now())
    expect(done).toEqual(['wake (starting)', 'emit nodeChange (starting)'])
    done.length = 0
    await a.answer('primary tl=1', Date.now())
    expect(done).toEqual([
      'wake (onlyClaimant)',
      'emit nodeChange (onlyClaimant)',
      'emit primaryChange (onlyClaimant)',
    ])
    coordinator.close()
  })

  test('invalidates pools and looks before it wakes, and emits last', async () => {
    const { coordinator, a, done } = await steady()
    const looks = a.looks
    vi.advanceTimersByTime(500)
    coordinator.report(longName('a'), {
      ...(sighting('refused by=pool', Date.now()) as Parameters<Coordinator['report']>[1]),
    })
    expect(done).toEqual([
      'invalidate a both (noClaimant)',
      'wake (noClaimant)',
      'emit nodeChange (noClaimant)',
      'emit primaryChange (noClaimant)',
    ])
    expect(a.looks).toBe(looks + 1)
    coordinator.close()
  })

  test('decides when the grace is over, though nothing new was seen', async () => {
    const { coordinator, a, done } = setUp()
    coordinator.start()
    await a.answer('primary tl=1 followers=1', Date.now())
    done.length = 0
    vi.advanceTimersByTime(99)
    expect(done).toEqual([])
    vi.advanceTimersByTime(1)
    expect(done).toEqual(['wake (onlyClaimant)', 'emit primaryChange (onlyClaimant)'])
    coordinator.close()
  })

  test('asks both claimants again at once, and then fences', async () => {
    const { coordinator, a, b, done } = await steady()
    vi.advanceTimersByTime(STEADY_MILLIS)
    const looks = a.looks
    await a.answer('primary tl=1 followers=0', Date.now())
    vi.advanceTimersByTime(100)
    done.length = 0
    await b.answer('primary tl=2 followers=0', Date.now())
    // It was not written to: whatever is in use there was left over.
    expect(done.slice(0, 3)).toEqual([
      'invalidate b write (unconfirmed)',
      'destroyLeased b write (unconfirmed)',
      'wake (unconfirmed)',
    ])
    expect([a.underWay, b.underWay, a.looks]).toEqual([1, 1, looks + 1])
    expect(coordinator.state.verdict.rule).toBe('unconfirmed')
    vi.advanceTimersByTime(1)
    done.length = 0
    // Both looks were asked after the doubt.
    await a.answer('primary tl=1 followers=0', Date.now())
    expect(done).toEqual(['wake (unconfirmed)'])
    done.length = 0
    await b.answer('primary tl=2 followers=0', Date.now())
    expect(done).toEqual([
      'invalidate a write (undecided)',
      'destroyLeased a write (undecided)',
      'wake (undecided)',
      'emit splitBrain (undecided)',
    ])
    coordinator.close()
  })

  test('has nothing to do where nothing was learnt', async () => {
    const { coordinator, done } = await steady()
    const { state } = coordinator
    const old = sighting('lost by=pool', Date.now() - 1) as Parameters<Coordinator['report']>[1]
    coordinator.report(longName('a'), old)
    coordinator.report('elsewhere:1', old)
    expect(done).toEqual([])
    expect(coordinator.state).toBe(state)
    coordinator.close()
  })

  test('looks at the nodes that it is told to, or at all', async () => {
    const { coordinator, a, b } = await steady()
    vi.advanceTimersByTime(500)
    coordinator.lookNow([longName('b')])
    expect([a.looks, b.looks]).toEqual([1, 2])
    coordinator.lookNow()
    expect(a.looks).toBe(2)
    coordinator.close()
  })

  test('reads the history of a new timeline, and believes it without touching a pool', async () => {
    const { coordinator, a, done } = await steady()
    vi.advanceTimersByTime(STEADY_MILLIS)
    await a.answer('primary tl=2 followers=0 traced', Date.now())
    expect(done).toContain('trace a 2')
    expect(coordinator.state.view.nodes[0]?.history?.history?.switches).toHaveLength(1)
    done.length = 0
    vi.advanceTimersByTime(STEADY_MILLIS)
    await a.answer('primary tl=2 followers=0 traced', Date.now())
    expect(done).toEqual(['wake (onlyClaimant)'])
    coordinator.close()
  })

  test('reads a history again that could not be read for a passing reason', async () => {
    const { coordinator, a, done, fails } = await steady()
    fails.readings = 2
    vi.advanceTimersByTime(STEADY_MILLIS)
    await a.answer('primary tl=2 followers=0 traced', Date.now())
    expect(coordinator.state.view.nodes[0]?.history).toBe(null)
    await vi.advanceTimersByTimeAsync(2 * STEADY_MILLIS)
    expect(done.filter((what) => what === 'trace a 2')).toHaveLength(3)
    expect(coordinator.state.view.nodes[0]?.history?.history?.switches).toHaveLength(1)
    coordinator.close()
  })

  test('takes a history for one that may not be seen once reading it has failed for the settling time', async () => {
    const { coordinator, a, done, fails } = await steady()
    fails.readings = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(STEADY_MILLIS)
    await a.answer('primary tl=2 followers=0 traced', Date.now())
    await vi.advanceTimersByTimeAsync(POLICY.settleMillis - 1)
    expect(coordinator.state.view.nodes[0]?.history).toBe(null)
    await vi.advanceTimersByTimeAsync(1)
    expect(coordinator.state.view.nodes[0]?.history).toEqual({ timeline: 2, history: null })
    const readings = done.filter((what) => what === 'trace a 2').length
    await vi.advanceTimersByTimeAsync(10 * STEADY_MILLIS)
    expect([readings, done.filter((what) => what === 'trace a 2').length]).toEqual([11, 11])
    coordinator.close()
  })

  test('reads no history for who is no primary any more, nor after the end', async () => {
    const { coordinator, a, done, fails } = await steady()
    fails.readings = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(STEADY_MILLIS)
    await a.answer('primary tl=2 followers=0 traced', Date.now())
    vi.advanceTimersByTime(STEADY_MILLIS - 1)
    coordinator.lookNow([longName('a')])
    await a.answer('standby', Date.now())
    await vi.advanceTimersByTimeAsync(2 * STEADY_MILLIS)
    expect(done.filter((what) => what === 'trace a 2')).toHaveLength(1)
    await a.answer('primary tl=3 followers=0 traced', Date.now())
    coordinator.close()
    await vi.advanceTimersByTimeAsync(2 * STEADY_MILLIS)
    expect(done.filter((what) => what === 'trace a 3')).toHaveLength(1)
  })

  test('asks the cluster manager like a node, at once when there is one claimant more, and believes it', async () => {
    const { coordinator, a, b, manager, done } = await steady()
    await manager.settle(managerReport(longName('b'), 'names=a', Date.now()).result)
    vi.advanceTimersByTime(500)
    expect(manager.looks).toBe(1)
    coordinator.lookNow()
    await a.answer('primary tl=1 followers=1', Date.now())
    await b.answer('primary tl=2 followers=0', Date.now())
    expect([coordinator.state.verdict.rule, manager.looks]).toEqual(['unconfirmed', 2])
    vi.advanceTimersByTime(20)
    await manager.settle(managerReport(longName('b'), 'names=b', Date.now()).result)
    await a.answer('primary tl=1 followers=1', Date.now())
    await b.answer('primary tl=2 followers=0', Date.now())
    expect(coordinator.state.verdict).toMatchObject({ rule: 'manager', node: longName('b') })
    expect(done).toContain('destroyLeased a write (manager)')
    // A split is worth asking more often, but no answer is news twice.
    const { looks } = manager
    vi.advanceTimersByTime(260)
    expect(manager.looks).toBe(looks + 1)
    coordinator.close()
  })

  test('believes and does nothing more once it is closed', async () => {
    const { coordinator, a, done } = await steady()
    const { state } = coordinator
    vi.advanceTimersByTime(STEADY_MILLIS)
    coordinator.close()
    await a.answer('standby', Date.now())
    coordinator.report(longName('a'), sighting('refused by=pool', Date.now()) as never)
    coordinator.start()
    vi.advanceTimersByTime(60_000)
    expect(coordinator.state).toBe(state)
    expect(done).toEqual([])
  })
})
