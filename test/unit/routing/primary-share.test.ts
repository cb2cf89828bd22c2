// The part of the reads that the primary takes over is bounded, and the bound is felt only where there is a load.
import { expect, test } from 'vitest'
import { PrimaryShare } from '../../../src/routing/primary-share.ts'

function taken(share: PrimaryShare, count: number, nowMillis: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) if (share.takePrimary(nowMillis + i)) sum += 1
  return sum
}

test('takes its part of all that is asked for', () => {
  expect(taken(new PrimaryShare(0.25), 1000, 0)).toBe(250)
})

test('what standbys serve counts to the whole', () => {
  const share = new PrimaryShare(0.5)
  for (let i = 0; i < 300; i++) share.countStandby(i)
  expect(taken(share, 300, 300)).toBe(300)
})

test('a few are always let through, unless none is to be', () => {
  expect(taken(new PrimaryShare(0.01), 10, 0)).toBe(10)
  expect(taken(new PrimaryShare(0), 10, 0)).toBe(0)
})

test('what is long past counts for nothing', () => {
  const share = new PrimaryShare(0.5)
  for (let i = 0; i < 1000; i++) share.countStandby(0)
  expect(taken(share, 100, 60_000)).toBe(50)
})
