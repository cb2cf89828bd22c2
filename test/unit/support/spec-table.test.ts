import { describe, expect, test } from 'vitest'
import { checkRows } from '../../support/spec-table.ts'

const keys = { required: ['given', 'expect'], optional: ['note'] }

describe('checkRows', () => {
  test('passes rows with required and optional keys', () => {
    const table = [
      { name: 'a', given: 1, expect: 2 },
      { name: 'b', given: 1, expect: 2, note: 'why' },
    ]
    expect(checkRows(table, keys)).toEqual({ rows: table, faults: [] })
  })

  test('rejects an unknown key and does not run its row', () => {
    const checked = checkRows([{ name: 'a', given: 1, expect: 2, expects: 3 }], keys)
    expect(checked).toEqual({ rows: [], faults: ["row 1 'a': unknown key 'expects'"] })
  })

  test('rejects each missing key', () => {
    const checked = checkRows([{ name: 'a' }], keys)
    expect(checked.faults).toEqual(["row 1 'a': missing key 'given'", "row 1 'a': missing key 'expect'"])
  })

  test('a key given as null is present', () => {
    expect(checkRows([{ name: 'a', given: null, expect: null }], keys).faults).toEqual([])
  })

  test('rejects the second of two rows of one name', () => {
    const row = { name: 'a', given: 1, expect: 2 }
    const checked = checkRows([row, row], keys)
    expect(checked.faults).toEqual(["row 2: duplicate name 'a'"])
    expect(checked.rows).toHaveLength(1)
  })

  test.each([
    [[], 'the table is empty'],
    [null, 'not a list of rows'],
    [{ name: 'a' }, 'not a list of rows'],
    [['a'], 'row 1: not a mapping'],
    [[{ given: 1, expect: 2 }], 'row 1: no name'],
    [[{ name: ' ', given: 1, expect: 2 }], 'row 1: no name'],
  ])('rejects %j', (table, fault) => {
    expect(checkRows(table, keys)).toEqual({ rows: [], faults: [fault] })
  })

  test('collects the faults of all rows', () => {
    const table = [{ name: 'a', given: 1 }, { name: 'b', given: 1, expect: 2 }, 7]
    const checked = checkRows(table, keys)
    expect(checked.faults).toEqual(["row 1 'a': missing key 'expect'", 'row 3: not a mapping'])
    expect(checked.rows.map((row) => row.name)).toEqual(['b'])
  })
})
