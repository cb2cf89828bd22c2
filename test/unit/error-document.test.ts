// docs/errors.md says what the table of errors and the policy of trying again say.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCells, kindCells } from '../support/error-document.ts'

const rows = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '))

/** The second cell says in words what the error is. */
const documented = rows.filter((row) => row.length === 5 && row[0] !== 'error')
const kinds = rows.filter((row) => row.length === 8 && row[0] !== 'kind')

test.each(errorCells().map((cells) => [cells[0], cells] as const))(
  'has a row for %s, with what it says of node, connection and kind',
  (label, [, node, connection, kind]) => {
    const [row, ...more] = documented.filter(([first]) => first === label)
    expect(row?.slice(2)).toEqual([node, connection, kind])
    expect(row?.[1]).toMatch(/\w/)
    expect(more).toEqual([])
  },
)

test('has a row for no other error', () => {
  expect(documented.map(([label]) => label)).toEqual(errorCells().map(([label]) => label))
})

test('says what is done about each kind', () => {
  expect(kinds).toEqual(kindCells())
})
