// Whatever is added, woken, waited for and ended, and whatever a waiter does in its turn: each is settled exactly once.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Waiter, WaitQueue } from '../../src/failover/wait-queue.ts'

const MAX_WAITERS = 1000

type Settled = 'resumed' | 'deadline' | 'queueFull' | 'aborted'

/** A waiter that goes on once it may, and keeps a record of what became of it. */
class Recorded implements Waiter {
  readonly outcomes: Settled[] = []
  readonly #order: Recorded[]
  readonly #onSettled: (() => void) | undefined
  changesByTime = false
  ready = false

  constructor(order: Recorded[], onSettled?: () => void) {
    this.#order = order
    this.#onSettled = onSettled
  }

  resume(): boolean {
    if (this.ready) this.#settle('resumed')
    return this.ready
  }

  giveUp(why: 'deadline' | 'queueFull'): void {
    this.#settle(why)
  }

  abort(): void {
    this.#settle('aborted')
  }

  #settle(how: Settled): void {
    this.outcomes.push(how)
    this.#order.push(this)
    // Only the first time, so that a fault ends as a wrong count and not as an endless recursion.
    if (this.outcomes.length === 1) this.#onSettled?.()
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const action = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    timeoutMillis: fc.integer({ min: -1, max: 250 }),
    /** What the waiter's caller does the moment it is settled. */
    reaction: fc.constantFrom('nothing' as const, 'wake' as const, 'abort' as const, 'add' as const),
    changesByTime: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('ready' as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('wake' as const) }),
  fc.record({ kind: fc.constant('pass' as const), millis: fc.integer({ min: 0, max: 150 }) }),
  fc.record({ kind: fc.constant('abort' as const) }),
)

describe('any use of the queue', () => {
  test('settles every waiter exactly once, the last ones at the end', () => {
    let settled = 0
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const queue = new WaitQueue(MAX_WAITERS)
        const order: Recorded[] = []
        const waiters: Recorded[] = []
        const add = (timeoutMillis: number, changesByTime: boolean, onSettled?: () => void): void => {
          const waiter = new Recorded(order, onSettled)
          waiter.changesByTime = changesByTime
          waiters.push(waiter)
          queue.add(waiter, timeoutMillis)
        }
        const reactions = {
          nothing: undefined,
          wake: () => queue.wake(),
          abort: () => queue.abortAll(),
          add: () => add(10, true),
        }
        for (const step of actions) {
          if (step.kind === 'add') {
            add(step.timeoutMillis, step.changesByTime, reactions[step.reaction])
          }
          if (step.kind === 'ready') for (const each of waiters.slice(step.which)) each.ready = true
          if (step.kind === 'wake') queue.wake()
          if (step.kind === 'pass') vi.advanceTimersByTime(step.millis)
          if (step.kind === 'abort') queue.abortAll()
          expect(queue.size).toBe(waiters.filter((waiter) => waiter.outcomes.length === 0).length)
        }
        queue.abortAll()
        queue.abortAll()
        vi.advanceTimersByTime(1000)
        expect(waiters.map((waiter) => waiter.outcomes.length)).toEqual(waiters.map(() => 1))
        expect(vi.getTimerCount()).toBe(0)
        settled += waiters.length
      }),
      { numRuns: 1000 },
    )
    expect(settled).toBeGreaterThan(1000)
  })

  test('wakes the oldest first and leaves the others where they are', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (ready) => {
        const queue = new WaitQueue(MAX_WAITERS)
        const order: Recorded[] = []
        const waiters = ready.map(() => new Recorded(order))
        for (const waiter of waiters) queue.add(waiter, 100)
        for (const [i, waiter] of waiters.entries()) waiter.ready = ready[i] === true
        queue.wake()
        expect(order).toEqual(waiters.filter((waiter) => waiter.ready))
        for (const waiter of waiters) waiter.ready = true
        queue.wake()
        expect(order.slice(ready.filter(Boolean).length)).toEqual(waiters.filter((_, i) => ready[i] !== true))
        expect(vi.getTimerCount()).toBe(0)
      }),
    )
  })
})

describe('a full queue', () => {
  test('refuses the next at once, and takes one again when there is room', () => {
    const queue = new WaitQueue(MAX_WAITERS)
    const order: Recorded[] = []
    const waiters = Array.from({ length: MAX_WAITERS }, () => new Recorded(order))
    for (const waiter of waiters) queue.add(waiter, 1000)
    const late = new Recorded(order)
    queue.add(late, 1000)
    expect(late.outcomes).toEqual(['queueFull'])
    const [first] = waiters
    if (first !== undefined) first.ready = true
    queue.wake()
    const next = new Recorded(order)
    queue.add(next, 1000)
    expect(next.outcomes).toEqual([])
    expect(queue.size).toBe(MAX_WAITERS)
    queue.abortAll()
  })
})

describe('a deadline', () => {
  test.each([0, -5])('of %i ms gives up at once', (timeoutMillis) => {
    const waiter = new Recorded([])
    new WaitQueue(MAX_WAITERS).add(waiter, timeoutMillis)
    expect(waiter.outcomes).toEqual(['deadline'])
  })

  test('counts from when the waiter came', () => {
    const queue = new WaitQueue(MAX_WAITERS)
    const waiter = new Recorded([])
    queue.add(waiter, 30)
    vi.advanceTimersByTime(29)
    queue.wake()
    expect(waiter.outcomes).toEqual([])
    vi.advanceTimersByTime(1)
    expect(waiter.outcomes).toEqual(['deadline'])
    expect(queue.size).toBe(0)
  })

  test('finds out whether it could have gone on before it is given up', () => {
    const queue = new WaitQueue(MAX_WAITERS)
    const waiter = new Recorded([])
    queue.add(waiter, 30)
    waiter.ready = true
    vi.advanceTimersByTime(30)
    expect(waiter.outcomes).toEqual(['resumed'])
  })
})

describe('a waiter that changes by time', () => {
  test('is asked again without being woken; the others are not', () => {
    const queue = new WaitQueue(MAX_WAITERS)
    const [timely, other] = [new Recorded([]), new Recorded([])]
    timely.changesByTime = true
    for (const waiter of [timely, other]) {
      queue.add(waiter, 1000)
      waiter.ready = true
    }
    vi.advanceTimersByTime(999)
    expect([timely.outcomes, other.outcomes]).toEqual([['resumed'], []])
  })
})
