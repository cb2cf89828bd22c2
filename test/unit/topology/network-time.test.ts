import { expect, test } from 'vitest'
import { type NetworkTime, networkMillis, withLook } from '../../../src/topology/network-time.ts'

/** One look a second. */
function after(
  looks: readonly number[],
  before: NetworkTime | null = null,
  fromMillis = 0,
): NetworkTime | null {
  return looks.reduce<NetworkTime | null>(
    (time, millis, i) => withLook(time, { atMillis: fromMillis + i * 1000, millis }),
    before,
  )
}

const times = (count: number, millis: number): number[] => Array.from({ length: count }, () => millis)

test('a few slow looks say nothing', () => {
  expect(networkMillis(null)).toBeNull()
  expect(networkMillis(after(times(9, 80)))).toBeNull()
  expect(networkMillis(after(times(10, 80)))).toBe(80)
})

test('one quick look among many slow ones is the network', () => {
  expect(networkMillis(after([...times(20, 80), 3, ...times(30, 80)]))).toBe(3)
})

test('a slower route is known after two spans', () => {
  const quick = after(times(60, 3))
  const slower = after(times(60, 40), quick, 60_000)
  expect(networkMillis(slower)).toBe(3)
  expect(networkMillis(after(times(1, 40), slower, 120_000))).toBe(40)
})

test('a quicker route is known at once', () => {
  expect(networkMillis(after([2], after(times(60, 40)), 60_000))).toBe(2)
})

test('a span of a few looks is not taken for one', () => {
  const old = after(times(20, 3))
  const rare = after(times(5, 50), withLook(old, { atMillis: 60_000, millis: 50 }), 300_000)
  expect(networkMillis(rare)).toBe(3)
})
