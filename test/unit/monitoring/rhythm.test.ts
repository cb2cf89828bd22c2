// When to look at a node again, by what is believed.
import { describe, expect, test } from 'vitest'
import { nextLookMillis } from '../../../src/monitoring/rhythm.ts'
import { longName, playAll, type Step } from '../../support/cluster-script.ts'

const STEADY_MILLIS = 1000

/** The pause before the next look, without jitter. */
function pause(
  steps: readonly Step[],
  node: string,
  nowMillis: number,
  steadyMillis = STEADY_MILLIS,
): number {
  return nextLookMillis(playAll(steps), longName(node), { steadyMillis, nowMillis, random: 0.5 })
}

const CALM: readonly Step[] = [{ at: 0, see: { a: 'primary tl=1', b: 'standby', c: 'standby' } }]
const OUTAGE: readonly Step[] = [...CALM, { at: 50, see: { a: 'refused' } }]

describe('the rhythm', () => {
  test('is steady while all is calm', () => {
    expect(['a', 'b', 'c'].map((node) => pause(CALM, node, 10))).toEqual([1000, 1000, 1000])
  })

  test('varies by a tenth, so that pools do not look in step', () => {
    const state = playAll(CALM)
    const rhythm = { steadyMillis: STEADY_MILLIS, nowMillis: 10 }
    expect(nextLookMillis(state, longName('a'), { ...rhythm, random: 0 })).toBeCloseTo(900)
    expect(nextLookMillis(state, longName('a'), { ...rhythm, random: 0.999_999 })).toBeCloseTo(1100)
  })

  test('is fast while there is no primary, and faster at a standby, for a minute', () => {
    expect(['a', 'b'].map((node) => pause(OUTAGE, node, 60))).toEqual([100, 50])
    expect(['a', 'b'].map((node) => pause(OUTAGE, node, 60_049))).toEqual([100, 50])
    expect(['a', 'b'].map((node) => pause(OUTAGE, node, 60_050))).toEqual([1000, 1000])
  })

  test('is fast before the first answer', () => {
    expect(pause([], 'a', 0)).toBe(100)
  })

  test('is fast at a node that went down beside a primary, for five seconds', () => {
    const steps = [...CALM, { at: 50, see: { b: 'starting' } }]
    expect(['a', 'b', 'c'].map((node) => pause(steps, node, 5049))).toEqual([1000, 100, 1000])
    expect(pause(steps, 'b', 5050)).toBe(1000)
  })

  test('is fast at a claimant that has just come up beside the primary', () => {
    const steps = [
      { at: 0, see: { a: 'refused', b: 'primary tl=2 followers=1', c: 'standby' } },
      { at: 50, see: { a: 'primary tl=1 followers=0' } },
    ]
    expect(pause(steps, 'a', 5049)).toBe(100)
    expect(pause(steps, 'a', 5050)).toBe(1000)
  })

  test('is never slower than the steady one', () => {
    expect(['a', 'b'].map((node) => pause(OUTAGE, node, 60, 20))).toEqual([20, 20])
  })

  test('of a node that is not in the list is the steady one', () => {
    expect(pause(OUTAGE, 'z', 60)).toBe(1000)
  })
})
