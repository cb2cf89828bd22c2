// Reads the tables of what the originals choose: `name: 'read-write: down primary', expect: 1`. A row's name is its input.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type HostKind, readHostKind } from '../../support/host-kind.ts'
import { checkRows } from '../../support/spec-table.ts'
import { strictWord } from '../../support/strict-mapping.ts'

export interface ChoiceRow<Setting extends string> {
  readonly name: string
  readonly setting: Setting
  readonly hosts: readonly HostKind[]
  readonly expect: number | 'error'
}

/** Throws where a table would blur or skip a row. */
export function readChoiceTable<Setting extends string>(
  file: string,
  settings: readonly Setting[],
): readonly ChoiceRow<Setting>[] {
  const table = parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
  const { rows, faults } = checkRows(table, { required: ['expect'] })
  if (faults.length > 0) throw new Error(`${file}: ${faults.join('; ')}`)
  return rows.map(({ name, expect }) => {
    const [setting = '', list = ''] = String(name).split(': ')
    const hosts = list.split(' ').map(readHostKind)
    if (expect !== 'error' && !(Number.isInteger(expect) && hosts[Number(expect)] !== undefined)) {
      throw new Error(`${file}: '${name}' expects ${JSON.stringify(expect)}`)
    }
    return {
      name: String(name),
      setting: strictWord(setting, settings),
      hosts,
      expect: expect as number | 'error',
    }
  })
}
