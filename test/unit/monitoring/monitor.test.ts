// The loop over fake lookers and fake time: when it looks, and that it never looks twice at once.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Monitor } from '../../../src/monitoring/monitor.ts'
import type { ProbeResult } from '../../../src/topology/probe-result.ts'
import { FakeLooker } from '../../support/fake-looker.ts'

const PAUSE_MILLIS = 1000

function setUp({ onResult = () => {} }: { onResult?: (node: string, result: ProbeResult) => void } = {}) {
  const lookers = { a: new FakeLooker(), b: new FakeLooker() }
  const seen: string[] = []
  const monitor = new Monitor({
    clock: () => Date.now(),
    pauseMillis: () => PAUSE_MILLIS,
    onResult: (node, result) => {
      seen.push(node)
      onResult(node, result)
    },
  })
  for (const [node, looker] of Object.entries(lookers)) monitor.watch(node, looker)
  return { ...lookers, monitor, seen }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})

afterEach(() => {
  expect(vi.getTimerCount(), 'a timer is left').toBe(0)
  vi.useRealTimers()
})

describe('a monitor', () => {
  test('does nothing before it is started', () => {
    const { monitor, a } = setUp()
    monitor.lookNow(['a'])
    vi.advanceTimersByTime(10_000)
    expect(a.looks).toBe(0)
  })

  test('looks at all nodes at once, and starting twice is starting', () => {
    const { monitor, a, b } = setUp()
    monitor.start()
    monitor.start()
    expect([a.looks, b.looks]).toEqual([1, 1])
    monitor.close()
  })

  test('looks again after the pause, counted from the answer', async () => {
    const { monitor, a } = setUp()
    monitor.start()
    vi.advanceTimersByTime(400)
    await a.answer('standby', 0)
    vi.advanceTimersByTime(PAUSE_MILLIS - 1)
    expect(a.looks).toBe(1)
    vi.advanceTimersByTime(1)
    expect(a.looks).toBe(2)
    monitor.close()
  })

  test('lets a slow node hold up nobody', async () => {
    const { monitor, a, b, seen } = setUp()
    monitor.start()
    await b.answer('standby', 0)
    vi.advanceTimersByTime(PAUSE_MILLIS)
    await b.answer('standby', 0)
    expect([a.looks, b.looks]).toEqual([1, 2])
    expect(seen).toEqual(['b', 'b'])
    monitor.close()
  })

  test('never looks at one node twice at once, however often it is asked', async () => {
    const { monitor, a } = setUp()
    monitor.start()
    for (let i = 0; i < 5; i++) {
      monitor.lookNow(['a'])
      vi.advanceTimersByTime(100)
    }
    expect(a.looks).toBe(1)
    await a.answer('standby', 0)
    expect([a.looks, a.underWay]).toEqual([2, 1])
    await a.answer('standby', 0)
    vi.advanceTimersByTime(PAUSE_MILLIS - 1)
    expect([a.looks, a.mostAtOnce]).toEqual([2, 1])
    monitor.close()
  })

  test('looks at once when asked, instead of at the end of the pause', async () => {
    const { monitor, a, b } = setUp()
    monitor.start()
    await a.answer('standby', 0)
    vi.advanceTimersByTime(500)
    monitor.lookNow(['a'])
    expect([a.looks, b.looks]).toEqual([2, 1])
    await a.answer('standby', 0)
    vi.advanceTimersByTime(PAUSE_MILLIS - 1)
    expect(a.looks).toBe(2)
    vi.advanceTimersByTime(1)
    expect(a.looks).toBe(3)
    monitor.close()
  })

  test('takes requests that come thicker than 10 ms for one', async () => {
    const { monitor, a } = setUp()
    monitor.start()
    await a.answer('standby', 0)
    for (let i = 0; i < 9; i++) {
      monitor.lookNow(['a', 'a'])
      vi.advanceTimersByTime(1)
    }
    expect(a.looks).toBe(1)
    vi.advanceTimersByTime(1)
    expect(a.looks).toBe(2)
    monitor.close()
  })

  test('looks once more when what it saw asks for it', async () => {
    const asked: Monitor[] = []
    const { monitor, a } = setUp({ onResult: () => asked.pop()?.lookNow(['a', 'z']) })
    asked.push(monitor)
    monitor.start()
    vi.advanceTimersByTime(50)
    await a.answer('lost', 0)
    expect([a.looks, a.mostAtOnce]).toEqual([2, 1])
    await a.answer('standby', 0)
    expect(a.looks).toBe(2)
    monitor.close()
  })

  test('looks at a node that comes while it runs, at once', async () => {
    const { monitor, seen } = setUp()
    const c = new FakeLooker()
    monitor.start()
    monitor.watch('c', c)
    expect(c.looks).toBe(1)
    await c.answer('standby', 0)
    expect(seen).toEqual(['c'])
    monitor.close()
    expect(c.closed).toBe(1)
  })

  test('tells nothing more of a node that is forgotten', async () => {
    const { monitor, a, seen } = setUp()
    monitor.start()
    monitor.forget('a')
    await a.answer('standby', 0)
    monitor.lookNow(['a'])
    vi.advanceTimersByTime(PAUSE_MILLIS)
    expect(seen).toEqual([])
    expect([a.looks, a.closed]).toEqual([1, 1])
    monitor.close()
  })

  test('looks at a node by its new looker only', async () => {
    const { monitor, a, seen } = setUp()
    monitor.start()
    const other = new FakeLooker()
    monitor.watch('a', other)
    await a.answer('standby', 0)
    expect(seen).toEqual([])
    await other.answer('standby', 0)
    expect(seen).toEqual(['a'])
    expect([a.looks, a.closed, other.looks]).toEqual([1, 1, 1])
    monitor.close()
  })

  test('closes a looker that comes after the end', () => {
    const { monitor } = setUp()
    monitor.close()
    const late = new FakeLooker()
    monitor.watch('c', late)
    expect([late.looks, late.closed]).toEqual([0, 1])
  })

  test('tells nothing and starts nothing once it is closed', async () => {
    const { monitor, a, b, seen } = setUp()
    monitor.start()
    await b.answer('standby', 0)
    monitor.close()
    await a.answer('standby', 0)
    monitor.lookNow(['a', 'b'])
    monitor.start()
    vi.advanceTimersByTime(10_000)
    expect(seen).toEqual(['b'])
    expect([a.looks, b.looks, a.closed, b.closed]).toEqual([1, 1, 1, 1])
  })
})
