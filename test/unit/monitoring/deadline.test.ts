// Deadlines over fake time. A clock of its own makes the event loop late: time passes, and no timer has run.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeadlineError, withDeadline } from '../../../src/monitoring/deadline.ts'

const TIMEOUT_MILLIS = 1000

/** A piece of work under a deadline, and what became of it. */
function begin() {
  let lateMillis = 0
  let answer: (value: string) => void = () => {}
  let breakOff: (error: Error) => void = () => {}
  const work = new Promise<string>((resolve, reject) => {
    answer = resolve
    breakOff = reject
  })
  const outcomes: unknown[] = []
  const expire = vi.fn()
  withDeadline(work, { timeoutMillis: TIMEOUT_MILLIS, clock: () => Date.now() + lateMillis, expire }).then(
    (value) => outcomes.push(value),
    (error: unknown) => outcomes.push(error),
  )
  const sleep = (millis: number): void => {
    lateMillis += millis
  }
  return { answer, breakOff, expire, outcomes, sleep }
}

async function pass(millis: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(millis)
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})

afterEach(() => {
  expect(vi.getTimerCount(), 'a timer is left').toBe(0)
  vi.useRealTimers()
})

describe('a deadline', () => {
  test('gives what the work gives, and ends nothing', async () => {
    const { answer, outcomes, expire } = begin()
    await pass(TIMEOUT_MILLIS - 1)
    answer('done')
    await pass(5000)
    expect(outcomes).toEqual(['done'])
    expect(expire).not.toHaveBeenCalled()
  })

  test('fails as the work fails', async () => {
    const { breakOff, outcomes, expire } = begin()
    const error = new Error('broken')
    breakOff(error)
    await pass(5000)
    expect(outcomes).toEqual([error])
    expect(expire).not.toHaveBeenCalled()
  })

  test('expires once the time is over, and ends the work', async () => {
    const { answer, outcomes, expire } = begin()
    await pass(TIMEOUT_MILLIS - 1)
    expect(outcomes).toEqual([])
    await pass(2)
    expect(outcomes).toEqual([expect.objectContaining({ code: 'ETIMEDOUT' })])
    expect(outcomes[0]).toBeInstanceOf(DeadlineError)
    expect((outcomes[0] as Error).message).toBe('No answer within 1000 ms')
    answer('late')
    await pass(5000)
    expect(outcomes).toHaveLength(1)
    expect(expire).toHaveBeenCalledTimes(1)
  })

  test('is no outcome before the work is ended', async () => {
    const { expire, outcomes } = begin()
    expire.mockImplementation(() => outcomes.push('ended'))
    await pass(TIMEOUT_MILLIS + 1)
    expect(outcomes[0]).toBe('ended')
  })

  test('forgives a timer that runs late: this process was not listening', async () => {
    const { answer, outcomes, sleep, expire } = begin()
    sleep(51)
    await pass(TIMEOUT_MILLIS + 1)
    expect(outcomes).toEqual([])
    await pass(TIMEOUT_MILLIS - 10)
    answer('done')
    await pass(1)
    expect(outcomes).toEqual(['done'])
    expect(expire).not.toHaveBeenCalled()
  })

  test('a timer that is hardly late is no excuse', async () => {
    const { outcomes, sleep } = begin()
    sleep(50)
    await pass(TIMEOUT_MILLIS + 1)
    expect(outcomes).toHaveLength(1)
  })

  test('forgives three times, not for ever', async () => {
    const { outcomes, sleep } = begin()
    for (let i = 0; i < 3; i++) {
      sleep(200)
      await pass(TIMEOUT_MILLIS + 1)
      expect(outcomes).toEqual([])
    }
    sleep(200)
    await pass(TIMEOUT_MILLIS + 1)
    expect(outcomes).toHaveLength(1)
  })

  test('reads what had arrived by the time the timer ran', async () => {
    const { answer, outcomes } = begin()
    // As a socket's answer that was waiting while the timer ran: it is read before immediates.
    setTimeout(() => answer('just in time'), TIMEOUT_MILLIS)
    await pass(TIMEOUT_MILLIS + 1)
    expect(outcomes).toEqual(['just in time'])
  })
})
