// Distances between log positions, and the lag made of them, for any positions; the pauses between retries.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pauseMillis } from '../../src/failover/backoff.ts'
import { lsnDistanceBytes, lsnPosition } from '../../src/topology/lsn.ts'

const half = fc.integer({ min: 0, max: 0xffffffff })
// Real positions stay far below 2^53, where numbers are exact.
const lsn = fc
  .tuple(fc.integer({ min: 0, max: 0x1fffff }), half)
  .map(([high, low]) => `${high.toString(16)}/${low.toString(16)}`.toUpperCase())

describe('a log position', () => {
  test('is read as PostgreSQL writes it', () => {
    expect(lsnPosition('0/0')).toBe(0n)
    expect(lsnPosition('16/B374D848')).toBe(97_500_059_720n)
    expect(lsnPosition('ffffffff/ffffffff')).toBe(2n ** 64n - 1n)
  })

  test('is null for any other text', () => {
    const written = /^[0-9a-f]{1,8}\/[0-9a-f]{1,8}$/i
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0F/x ') }),
      fc.stringMatching(/^[0-9A-F]{0,9}\/?[0-9A-F]{0,9}$/),
    )
    fc.assert(
      fc.property(text, (given) => {
        expect(lsnPosition(given) !== null).toBe(written.test(given))
      }),
    )
  })

  test('is nowhere behind itself, and at most one of two is behind the other', () => {
    fc.assert(
      fc.property(lsn, lsn, (a, b) => {
        expect(lsnDistanceBytes(a, a)).toBe(0)
        const there = lsnDistanceBytes(a, b) ?? Number.NaN
        const back = lsnDistanceBytes(b, a) ?? Number.NaN
        expect(Math.min(there, back)).toBe(0)
        expect(there + back === 0).toBe(lsnPosition(a) === lsnPosition(b))
      }),
    )
  })

  test('is as far behind as bytes were written, across the halves too', () => {
    expect(lsnDistanceBytes('1/0', '0/FFFFFFFF')).toBe(1)
    expect(lsnDistanceBytes('2/10', '1/0')).toBe(0x1_0000_0010)
    fc.assert(
      fc.property(lsn, lsn, lsn, (a, b, c) => {
        const [first = '', second = '', third = ''] = [a, b, c].sort((x, y) =>
          Number((lsnPosition(x) ?? 0n) - (lsnPosition(y) ?? 0n)),
        )
        const whole = lsnDistanceBytes(third, first)
        const parts = [lsnDistanceBytes(third, second), lsnDistanceBytes(second, first)]
        expect((parts[0] ?? 0) + (parts[1] ?? 0)).toBe(whole)
      }),
    )
  })

  test('is at no known distance from what is not known', () => {
    for (const unknown of [null, '', 'x']) {
      expect(lsnDistanceBytes(unknown, '0/1')).toBeNull()
      expect(lsnDistanceBytes('0/1', unknown)).toBeNull()
    }
  })
})

describe('the pause before another try', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  test('is none before the first retry', () => {
    fc.assert(
      fc.property(random, (chance) => {
        expect(pauseMillis(1, chance)).toBe(0)
      }),
    )
  })

  test('doubles from 20 ms and never passes a second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), random, (failures, chance) => {
        const pause = pauseMillis(failures, chance)
        const most = Math.min(1000, 20 * 2 ** (failures - 2))
        expect(pause).toBe(chance * most)
        expect(pause).toBeLessThan(1000)
      }),
    )
    expect([2, 3, 7, 8, 9].map((failures) => pauseMillis(failures, 0.5))).toEqual([10, 20, 320, 500, 500])
  })
})
