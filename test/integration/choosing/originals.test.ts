// Every recorded choice of libpq and pgjdbc, run: scripted servers of those kinds, a pool over them, one connection, and who
// answers on it. It is the original's host, or what the named differences make of it.
import { describe, expect, test } from 'vitest'
import type { PoolOptions, TargetServerType, TargetSessionAttrs } from '../../../src/index.ts'
import { readChoiceTable } from '../../spec/choosing/choice-table.ts'
import { applying, type Choice } from '../../spec/choosing/differences.ts'
import { type HostKind, isClaiming, listsOf, sqlStateOf } from '../../support/host-kind.ts'
import { LIBPQ_SETTINGS, libpqChoice } from '../../support/libpq-model.ts'
import { PGJDBC_SETTINGS, pgjdbcChoice } from '../../support/pgjdbc-model.ts'
import { type Answer, ask, deterministic, eachOf } from './ask.ts'

const LIBPQ_ROWS = readChoiceTable('./libpq.yaml', LIBPQ_SETTINGS)
const PGJDBC_ROWS = readChoiceTable('./pgjdbc.yaml', PGJDBC_SETTINGS)
const FAILING: readonly HostKind[] = [
  ...(['err:57P03', 'err:53300', 'err:28P01', 'err:28000', 'err:3D000', 'err:42501'] as const),
  ...(['late:57P01', 'late:57P03', 'late:53300', 'silent', 'hang'] as const),
]

function expected({ original, setting }: Choice, hosts: readonly HostKind[]): number | 'error' {
  if (original === 'pgjdbc') return pgjdbcChoice(setting as TargetServerType, hosts)
  const index = libpqChoice(setting as TargetSessionAttrs, hosts, { connectTimeout: true })
  return index === 'hang' ? 'error' : index
}

/** What is wrong with the choice; empty where nothing is. */
async function fault(choice: Choice, old = false): Promise<readonly string[]> {
  const { original, setting, hosts, splitBrain } = choice
  const seen = applying(choice)
  const host = expected(choice, seen.hosts)
  const target: PoolOptions =
    original === 'libpq'
      ? { target_session_attrs: setting as TargetSessionAttrs }
      : { targetServerType: setting as TargetServerType }
  const answer = await ask(hosts, { ...deterministic(hosts, host === 'error'), ...target, splitBrain, old })
  const code = host === 'error' ? errorCode(choice) : undefined
  if (answer.host === host && (code === undefined || answer.code === code)) return []
  const got = answer.host === 'error' ? answer.code : answer.host
  return [
    `${original} ${setting} (${splitBrain}): ${hosts.join(' ')}: ${got}, not ${code ?? host} [${seen.names}]`,
  ]
}

/** The code the error must have, where that is certain from the list alone. */
function errorCode({ hosts, setting, splitBrain }: Choice): Answer['code'] {
  const states = hosts.map(sqlStateOf)
  if (states.every((state) => state !== null && state !== '57P03' && state.startsWith('28')))
    return states[0] ?? ''
  const isSplit = hosts.filter(isClaiming).length > 1 && splitBrain === 'refuse'
  const wantsPrimary = ['read-write', 'primary', 'master'].includes(setting)
  return isSplit && wantsPrimary ? 'PGHA_SPLIT_BRAIN' : undefined
}

async function faults(choices: Iterable<Choice>, old = false): Promise<readonly string[]> {
  const found: string[] = []
  await eachOf(choices, async (choice) => {
    found.push(...(await fault(choice, old)))
  })
  return found
}

/** With more than one primary both policies are run. */
function* choicesOf(
  original: Choice['original'],
  rows: readonly { setting: string; hosts: readonly HostKind[] }[],
): Generator<Choice> {
  for (const { setting, hosts } of rows) {
    yield { original, setting, hosts, splitBrain: 'refuse', connectTimeout: true }
    if (hosts.filter(isClaiming).length < 2) continue
    yield { original, setting, hosts, splitBrain: 'off', connectTimeout: true }
  }
}

describe('libpq', () => {
  test.each(LIBPQ_SETTINGS)('%s: every row', async (setting) => {
    const rows = LIBPQ_ROWS.filter((row) => row.setting === setting)
    expect(rows.length).toBeGreaterThan(40)
    expect(await faults(choicesOf('libpq', rows))).toEqual([])
  })

  test('hosts that fail in every way, before and after one that does not', async () => {
    const rows = FAILING.flatMap((kind) =>
      (['any', 'read-write', 'prefer-standby'] as const).flatMap((setting) => [
        { setting, hosts: [kind] },
        { setting, hosts: [kind, 'primary'] as const },
        { setting, hosts: ['primary', kind] as const },
        { setting, hosts: [kind, 'standby', 'primary'] as const },
      ]),
    )
    expect(await faults(choicesOf('libpq', rows))).toEqual([])
  })

  test('servers that do not report their role are asked for it', async () => {
    const lists = [...listsOf(['primary', 'primary_ro', 'standby'], 2)].filter((hosts) => hosts.length > 1)
    const rows = LIBPQ_SETTINGS.flatMap((setting) => lists.map((hosts) => ({ setting, hosts })))
    expect(await faults(choicesOf('libpq', rows), true)).toEqual([])
  })
})

describe('pgjdbc', () => {
  test.each(PGJDBC_SETTINGS.filter((setting) => !/master|lave/.test(setting)))(
    '%s: every row',
    async (setting) => {
      const rows = PGJDBC_ROWS.filter((row) => row.setting === setting)
      expect(rows.length).toBeGreaterThan(40)
      expect(await faults(choicesOf('pgjdbc', rows))).toEqual([])
    },
  )
})
