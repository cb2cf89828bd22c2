import { describe, expect, test } from 'vitest'
import { isSound, type Report, renderTable, reportTable } from '../../../examples/demo/report.ts'

const SOUND: Report = {
  acknowledged: 30,
  found: 30,
  lost: 0,
  doubled: 0,
  onStalePrimary: 0,
  stalePrimary: { rowsBefore: 7, rowsAfter: 7, tookMarker: true },
  inDoubt: { written: 1, notWritten: 2 },
  downtimeMillis: 1100.5,
  clusterMillis: 1080,
  clientDelayMillis: 20.5,
  returnPauseMillis: 9,
  errors: { 'write PGHA_CONNECTION_LOST': 3 },
  splitBrain: 'seen',
  durationMillis: 8000,
}

describe('a report is sound', () => {
  test('where nothing was lost, doubled or misplaced, whatever was in doubt', () => {
    expect(isSound(SOUND)).toBe(true)
  })

  test.each<[string, Partial<Report>]>([
    ['a row was lost', { lost: 1 }],
    ['a row was doubled', { doubled: 1 }],
    ['a row reached the stale primary', { onStalePrimary: 1 }],
    [
      'the stale primary could not be written to at all',
      { stalePrimary: { rowsBefore: 7, rowsAfter: 7, tookMarker: false } },
    ],
  ])('but not where %s', (_, change) => {
    expect(isSound({ ...SOUND, ...change })).toBe(false)
  })
})

test('the table shows every figure and every kind of error', () => {
  const table = reportTable(SOUND)
  for (const text of ['1100.5 ms', '20.5 ms', 'write PGHA_CONNECTION_LOST', '1 / 2', '7 / 7']) {
    expect(table).toContain(text)
  }
  expect(reportTable({ ...SOUND, errors: {} })).toMatch(/Errors that reached a caller\W+none/)
})

test('a table has columns as wide as their widest cell', () => {
  expect(renderTable([['ab', '1'], null, ['c', '234']])).toBe(
    ['+----+-----+', '| ab |   1 |', '+----+-----+', '| c  | 234 |', '+----+-----+'].join('\n'),
  )
})
