// docs/connection-strings.md and docs/compatibility.md say what the parameter table and the lists of differences say.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { JDBC_TUNING } from '../../src/config/jdbc-tuning.ts'
import { PARAMETERS } from '../../src/config/parameter-table.ts'
import { differences } from '../spec/choosing/differences.ts'
import { jdbcDifferences, libpqDifferences } from '../spec/dialects/differences.ts'

function read(name: string): string {
  return readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')
}

const strings = read('connection-strings')
const compatibility = read('compatibility')

/** The cells of every row of every table, without the first and the last bar. */
function cells(document: string): readonly (readonly string[])[] {
  const rows = document.split('\n').filter((line) => line.startsWith('| '))
  return rows.map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  )
}

const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``)

describe('docs/connection-strings.md', () => {
  const rows = cells(strings)

  test.each(
    PARAMETERS.filter(({ name }) => !(name in JDBC_TUNING)).map((each) => [each.name, each] as const),
  )(
    'has a row for %s, with its names, its default and its effect',
    (_, { name, origin, jdbc, env, option, effect }) => {
      const first = origin === 'environment' ? '' : code(name)
      const row = rows.find(
        (found) =>
          found.length === 6 && found[0] === first && found[2] === code(env) && found[3] === code(option),
      )
      expect(row?.[1], `no row for ${name} in docs/connection-strings.md`).toBe(code(jdbc))
      if (effect.kind === 'own' && origin === 'own') return
      expect(row?.[4]).not.toBe('')
      expect(row?.[5]).not.toBe('')
      if (effect.kind === 'notice') expect(row?.[5]).toMatch(/^notice/)
      if (effect.kind === 'refused') expect(row?.[5]).toMatch(/refused/)
    },
  )

  test('names no parameter that is none', () => {
    const known = new Set(
      PARAMETERS.flatMap(({ name, origin }) => (origin === 'environment' ? [] : [code(name)])),
    )
    const named = rows
      .filter((row) => row.length === 6 && /^`\w+`$/.test(row[0] ?? ''))
      .map(([first]) => first)
    expect(named.filter((name) => !known.has(name ?? ''))).toEqual([])
    expect(named.length).toBeGreaterThan(80)
  })

  test('says why each tuning property of pgjdbc has no effect', () => {
    const reasons = rows.filter((row) => row.length === 2)
    for (const [name, why] of Object.entries(JDBC_TUNING)) {
      expect(reasons.find(([names]) => names?.split(', ').includes(code(name)))?.[1]).toBe(why)
    }
  })
})

describe('docs/compatibility.md', () => {
  test('lists every difference of choosing, in its own words', () => {
    for (const { whose, theirs, ours, reason } of Object.values(differences)) {
      expect(compatibility).toContain(`| ${whose.join(', ')} | ${theirs} | ${ours} | ${reason} |`)
    }
  })

  test('lists every difference of reading, in its own words', () => {
    for (const { theirs, ours, reason } of [
      ...Object.values(libpqDifferences),
      ...Object.values(jdbcDifferences),
    ]) {
      expect(compatibility).toContain(`| ${theirs} | ${ours} | ${reason} |`)
    }
  })
})
