import { describe, expect, test } from 'vitest'
import { Ledger } from '../../../examples/demo/ledger.ts'

function held(...keys: string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

function ledgerOf(acknowledged: Readonly<Record<string, number>>): Ledger {
  const ledger = new Ledger()
  for (const [key, atMillis] of Object.entries(acknowledged)) {
    ledger.begin(key)
    ledger.acknowledge(key, atMillis)
  }
  return ledger
}

describe('the audit', () => {
  test('finds what was acknowledged and is there', () => {
    const audit = ledgerOf({ a: 1, b: 2 }).audit(held('a', 'b'))
    expect(audit).toMatchObject({ acknowledged: 2, found: 2, lost: 0, doubled: 0 })
  })

  test('calls an acknowledged row lost where it is not there', () => {
    expect(ledgerOf({ a: 1, b: 2 }).audit(held('b'))).toMatchObject({ acknowledged: 2, found: 1, lost: 1 })
  })

  test('calls a row doubled where it is there twice, whatever its writer was told', () => {
    const ledger = ledgerOf({ a: 1 })
    ledger.begin('b')
    ledger.writeFailed('b', { code: 'PGHA_CONNECTION_LOST', atMillis: 2 })
    expect(ledger.audit(held('a', 'a', 'b', 'b')).doubled).toBe(2)
  })

  test('neither misses nor counts a row in doubt: it may be there or not', () => {
    const ledger = new Ledger()
    for (const [key, code] of [
      ['a', 'PGHA_CONNECTION_LOST'],
      ['b', '57P01'],
      ['c', 'PGHA_NO_PRIMARY'],
    ] as const) {
      ledger.begin(key)
      ledger.writeFailed(key, { code, atMillis: 1 })
    }
    expect(ledger.audit(held('b'))).toEqual({
      acknowledged: 0,
      found: 0,
      lost: 0,
      doubled: 0,
      inDoubt: { written: 1, notWritten: 1 },
    })
  })
})

test('errors are counted by what was done and by code', () => {
  const ledger = new Ledger()
  ledger.writeFailed('a', { code: '57P01', atMillis: 1 })
  ledger.writeFailed('b', { code: '57P01', atMillis: 1 })
  ledger.readFailed('PGHA_NO_NODE')
  expect(ledger.errors).toEqual({ 'read PGHA_NO_NODE': 1, 'write 57P01': 2 })
})

describe('the longest gap', () => {
  const ledger = ledgerOf({ a: 0, b: 50, c: 60, d: 90, e: 100, f: 300 })

  test('is the longest of those that reach into the span, from its own beginning to its own end', () => {
    expect(ledger.longestGap({ fromMillis: 70, toMillis: 95 })).toEqual({ fromMillis: 60, toMillis: 90 })
  })

  test('does not look beyond the span', () => {
    expect(ledger.longestGap({ fromMillis: 55, toMillis: 58 })).toEqual({ fromMillis: 50, toMillis: 60 })
  })

  test('is empty where nothing was acknowledged', () => {
    expect(new Ledger().longestGap({ fromMillis: 5, toMillis: 9 })).toEqual({ fromMillis: 5, toMillis: 5 })
  })
})

test('the first acknowledgement since a time may be at that time, or missing', () => {
  const ledger = ledgerOf({ a: 10, b: 20 })
  expect([10, 11, 21].map((since) => ledger.firstAcknowledgement(since))).toEqual([10, 20, undefined])
})

test('a server that was dead until a time cannot hold what was settled later, still open, or never begun', () => {
  const ledger = ledgerOf({ early: 10, late: 30 })
  ledger.begin('open')
  ledger.begin('doubt')
  ledger.writeFailed('doubt', { code: 'PGHA_CONNECTION_LOST', atMillis: 15 })
  const keys = ['early', 'late', 'open', 'doubt', 'stranger']
  expect(ledger.impossibleBefore(20, keys)).toEqual(['late', 'open', 'stranger'])
})
