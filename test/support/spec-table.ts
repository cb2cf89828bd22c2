// Runs a YAML table as tests: one row, one test. A table that would skip or blur a case fails instead of running:
// unknown keys, missing keys, rows of one name, no rows. Knows nothing of what a row means.
import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { parse } from 'yaml'

export interface RowKeys {
  readonly required: readonly string[]
  readonly optional?: readonly string[]
}

/** Registers one test per row of the YAML list in `file`. `name` is always a required key. */
export function specTable<Row extends { name: string }>(
  file: string | URL,
  keys: RowKeys,
  run: (row: Row) => void | Promise<void>,
): void {
  const title = String(file).split(/[\\/]/).slice(-2).join('/')
  describe(title, () => {
    const { rows, faults } = readTable(file, keys)
    for (const fault of faults) {
      test(`the table is well formed: ${fault}`, () => {
        throw new Error(`${title}: ${fault}`)
      })
    }
    for (const row of rows) {
      const runnable = row as Row
      test(runnable.name, () => run(runnable))
    }
  })
}

/** What is wrong with a table, a sentence each; `rows` are those that may run. */
export interface CheckedRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly faults: readonly string[]
}

export function checkRows(table: unknown, keys: RowKeys): CheckedRows {
  if (!Array.isArray(table)) return { rows: [], faults: ['not a list of rows'] }
  if (table.length === 0) return { rows: [], faults: ['the table is empty'] }
  const faults: string[] = []
  const rows: Record<string, unknown>[] = []
  const seen = new Set<string>()
  table.forEach((row: unknown, index) => {
    const found = rowFaults(row, keys, `row ${index + 1}`)
    if (found.length === 0) {
      const sound = row as Record<string, unknown> & { name: string }
      if (seen.has(sound.name)) found.push(`row ${index + 1}: duplicate name '${sound.name}'`)
      else rows.push(sound)
      seen.add(sound.name)
    }
    faults.push(...found)
  })
  return { rows, faults }
}

function rowFaults(row: unknown, keys: RowKeys, position: string): string[] {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return [`${position}: not a mapping`]
  const name = (row as Record<string, unknown>).name
  if (typeof name !== 'string' || name.trim() === '') return [`${position}: no name`]
  const required = new Set(['name', ...keys.required])
  const known = new Set([...required, ...(keys.optional ?? [])])
  const at = `${position} '${name}'`
  const unknown = Object.keys(row).filter((key) => !known.has(key))
  const missing = [...required].filter((key) => !Object.hasOwn(row, key))
  return [
    ...unknown.map((key) => `${at}: unknown key '${key}'`),
    ...missing.map((key) => `${at}: missing key '${key}'`),
  ]
}

function readTable(file: string | URL, keys: RowKeys): CheckedRows {
  try {
    return checkRows(parse(readFileSync(file, 'utf8')), keys)
  } catch (error) {
    return { rows: [], faults: [error instanceof Error ? error.message : String(error)] }
  }
}
