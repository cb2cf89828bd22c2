// A checker that finds nothing is worth nothing: each fault is planted in a clean history, and must be named.
import { expect, test } from 'vitest'
import { analyse, countAll, violations } from './analyse.ts'
import type { Fork, History, Write } from './history.ts'

const OPENING = 100

interface Planted {
  readonly writes: readonly (Partial<Write> & { id: number })[]
  readonly inserted?: readonly number[]
  readonly lists?: readonly (readonly number[])[]
  readonly ledger?: History['found']['ledger']
  readonly balances?: readonly number[]
  readonly forks?: readonly Fork[]
}

function write(given: Partial<Write> & { id: number }): Write {
  const base = {
    kind: 'insert',
    outcome: 'acknowledged',
    code: null,
    why: null,
    place: null,
    round: 0,
  } as const
  return { ...base, startedMillis: given.id * 10, settledMillis: given.id * 10 + 5, ...given }
}

function historyOf({
  writes,
  inserted = [],
  lists = [],
  ledger = [],
  balances = [OPENING, OPENING],
  forks = [],
}: Planted): History {
  const found = { lists: new Map(lists.entries()), ledger, balances: new Map(balances.entries()) }
  return {
    writes: writes.map(write),
    forks,
    openingBalance: OPENING,
    accounts: balances.length,
    found: { ...found, times: countAll(inserted, found) },
  }
}

function found(planted: Planted, synchronous = true): readonly string[] {
  return violations(analyse(historyOf(planted)), { synchronous })
}

const clean: Planted = {
  writes: [
    { id: 1 },
    { id: 2, kind: 'append', list: 0 },
    { id: 3, kind: 'transfer', transfer: { from: 0, to: 1, amount: 7 } },
    { id: 4, outcome: 'failed' },
    { id: 5, outcome: 'unknown' },
    { id: 6, outcome: 'unknown' },
  ],
  inserted: [1, 5],
  lists: [[2]],
  ledger: [{ id: 3, from: 0, to: 1, amount: 7 }],
  balances: [93, 107],
}

test('a clean history shows nothing, and counts what is unknown', () => {
  expect(found(clean)).toEqual([])
  const { counts, unknownApplied } = analyse(historyOf(clean))
  expect({ counts, unknownApplied }).toEqual({
    counts: { acknowledged: 3, failed: 1, unknown: 2 },
    unknownApplied: 1,
  })
})

test.each<[string, Partial<Planted>]>([
  ['1 acknowledged and lost', { inserted: [5] }],
  ['1 acknowledged and lost', { lists: [[]] }],
  ['1 applied twice', { inserted: [1, 1, 5] }],
  ['1 applied twice', { inserted: [1, 5, 5] }],
  ['1 applied twice', { lists: [[2, 2]] }],
  ['1 reported failed but applied', { inserted: [1, 4, 5] }],
  ['1 found and never written', { inserted: [1, 5, 99] }],
])('finds what was planted: %s', (claim, planted) => {
  expect(found({ ...clean, ...planted })).toEqual([claim])
})

test('half a transfer shows in its account and in the sum', () => {
  expect(found({ ...clean, balances: [93, 100] })).toEqual([
    '1 accounts that differ from their ledger',
    'sum of accounts (193, not 200)'.replace(/^/, '1 '),
  ])
})

test('a transfer applied twice keeps the sum and is found all the same', () => {
  const row = { id: 3, from: 0, to: 1, amount: 7 }
  expect(found({ ...clean, ledger: [row, row], balances: [86, 114] })).toEqual(['1 applied twice'])
})

test('a transfer whose money moved twice for one row of the ledger', () => {
  expect(found({ ...clean, balances: [86, 114] })).toEqual(['2 accounts that differ from their ledger'])
})

test('an append before one that was acknowledged before it began', () => {
  const appends = [1, 2].map((id) => ({ id, kind: 'append' as const, list: 0 }))
  expect(found({ writes: appends, lists: [[1, 2]] })).toEqual([])
  expect(found({ writes: appends, lists: [[2, 1]] })).toEqual(['1 out of order'])
  const together = appends.map((one) => ({ ...one, startedMillis: 0, settledMillis: 9 }))
  expect(found({ writes: together, lists: [[2, 1]] })).toEqual([])
})

const forks: readonly Fork[] = [{ timeline: 2, parent: 1, lsn: 500n }]
const at = (lsn: bigint, timeline = 1) => ({ timeline, lsn })

test('a loss beyond the fork is asynchronous replication’s, and a violation only where it is synchronous', () => {
  const planted: Planted = { writes: [{ id: 1, place: at(600n) }], forks }
  expect(found(planted, false)).toEqual([])
  expect(found(planted, true)).toEqual(['1 acknowledged and lost'])
  expect(analyse(historyOf(planted)).lostAtFork).toHaveLength(1)
})

test('a commit that may have crossed the fork is explained, too', () => {
  const writes = [
    { id: 1, place: at(499n) },
    { id: 2, place: at(510n) },
  ]
  expect(found({ writes, inserted: [2], forks }, false)).toEqual([])
})

test.each<[string, readonly (Partial<Write> & { id: number })[], readonly Fork[]]>([
  [
    'a later write of its timeline lay before the fork',
    [
      { id: 1, place: at(400n) },
      { id: 2, place: at(450n) },
    ],
    forks,
  ],
  ['its timeline was never left', [{ id: 1, place: at(600n, 2) }], forks],
  ['there was no fork', [{ id: 1, place: at(600n) }], []],
  ['it is not known where it was written', [{ id: 1 }], forks],
])('a loss is not explained where %s', (_, writes, some) => {
  expect(
    found({ writes, inserted: [2].filter((id) => writes.some((one) => one.id === id)), forks: some }, false),
  ).toEqual(['1 acknowledged and lost'])
})
