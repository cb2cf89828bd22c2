// The choice between hosts against libpq's and pgjdbc's, list by list: the models of the originals hold for every recorded
// row, and over all lists of one to three hosts of every kind ours differs only where a named difference says so, and as
// it says. The same rows are run against scripted servers by test/integration/choosing.
import { beforeAll, describe, expect, test } from 'vitest'
import type { TargetServerType, TargetSessionAttrs } from '../../src/config/pool-options.ts'
import type { SplitBrainPolicy } from '../../src/config/settings.ts'
import { type HostKind, listsOf } from '../support/host-kind.ts'
import { LIBPQ_SETTINGS, libpqChoice, type Outcome } from '../support/libpq-model.ts'
import { PGJDBC_SETTINGS, pgjdbcChoice } from '../support/pgjdbc-model.ts'
import { readChoiceTable } from './choosing/choice-table.ts'
import { applying, type Choice, differences } from './choosing/differences.ts'
import { pureChoice, pureState, targetOf } from './choosing/pure-choice.ts'

const LIVE: readonly HostKind[] = ['primary', 'primary_ro', 'standby', 'down']
const FAILING: readonly HostKind[] = [
  'err:57P03',
  'err:53300',
  'err:28P01',
  'err:28000',
  'err:3D000',
  'err:42501',
]
const FALLING_SILENT: readonly HostKind[] = ['silent', 'hang']
const BREAKING_OFF: readonly HostKind[] = ['late:57P01', 'late:57P03', 'late:53300']
const KINDS = {
  libpq: [...LIVE, ...FAILING, ...FALLING_SILENT, ...BREAKING_OFF],
  pgjdbc: [...LIVE, ...FAILING, ...BREAKING_OFF],
}
const POLICIES: readonly SplitBrainPolicy[] = ['refuse', 'off']

function original({ original: whose, setting, connectTimeout }: Choice, hosts: readonly HostKind[]): Outcome {
  return whose === 'libpq'
    ? libpqChoice(setting as TargetSessionAttrs, hosts, { connectTimeout })
    : pgjdbcChoice(setting as TargetServerType, hosts)
}

interface Case {
  readonly choice: Choice
  readonly ours: number | 'error'
}

const TARGETS = {
  libpq: LIBPQ_SETTINGS.map((setting) => ({ setting, target: targetOf('target_session_attrs', setting) })),
  pgjdbc: PGJDBC_SETTINGS.map((setting) => ({ setting, target: targetOf('targetServerType', setting) })),
}

function* allCases(): Generator<Case> {
  for (const splitBrain of POLICIES) {
    for (const whose of ['libpq', 'pgjdbc'] as const) {
      for (const hosts of listsOf(KINDS[whose], 3)) {
        const state = pureState(hosts, splitBrain)
        const someSilent = hosts.some((kind) => FALLING_SILENT.includes(kind))
        for (const { setting, target } of TARGETS[whose]) {
          const ours = pureChoice(state, target)
          const choice = { original: whose, setting, hosts, splitBrain, connectTimeout: true }
          yield { choice, ours }
          if (someSilent) yield { choice: { ...choice, connectTimeout: false }, ours }
        }
      }
    }
  }
}

interface Comparison {
  equal: number
  other: number
  /** How often each difference alone changed an outcome. */
  readonly decisive: Map<string, number>
  readonly wrong: string[]
}

function compareAll(): Comparison {
  const comparison: Comparison = { equal: 0, other: 0, decisive: new Map(), wrong: [] }
  for (const { choice, ours } of allCases()) {
    const { names, hosts } = applying(choice)
    const expected = original(choice, hosts)
    if (ours !== expected) {
      const { original: whose, setting, splitBrain } = choice
      const list = choice.hosts.join(' ')
      comparison.wrong.push(
        `${whose} ${setting} (${splitBrain}): ${list}: ${ours}, not ${expected} [${names}]`,
      )
    }
    if (ours === original(choice, choice.hosts)) {
      comparison.equal += 1
      continue
    }
    comparison.other += 1
    const [only, another] = names
    if (only === undefined || another !== undefined) continue
    comparison.decisive.set(only, (comparison.decisive.get(only) ?? 0) + 1)
  }
  return comparison
}

describe('the models of the originals', () => {
  test('libpq’s gives what every recorded row says', () => {
    const rows = readChoiceTable('./libpq.yaml', LIBPQ_SETTINGS)
    expect(rows.length).toBeGreaterThan(250)
    const wrong = rows.filter(
      ({ setting, hosts, expect: index }) => libpqChoice(setting, hosts, { connectTimeout: true }) !== index,
    )
    expect(wrong).toEqual([])
  })

  test('pgjdbc’s gives what every row says', () => {
    const rows = readChoiceTable('./pgjdbc.yaml', PGJDBC_SETTINGS)
    expect(rows.length).toBeGreaterThan(200)
    expect(
      rows.filter(({ setting, hosts, expect: index }) => pgjdbcChoice(setting, hosts) !== index),
    ).toEqual([])
  })
})

describe('over all lists of one to three hosts', () => {
  let comparison: Comparison
  beforeAll(() => {
    comparison = compareAll()
  })

  test('the host is the original’s, or what the differences that apply make of it', () => {
    expect(comparison.wrong.slice(0, 20)).toEqual([])
    expect(comparison.equal).toBeGreaterThan(20_000)
    expect(comparison.other).toBeGreaterThan(10_000)
  })

  test('every difference decides somewhere on its own', () => {
    expect([...comparison.decisive.keys()].sort()).toEqual(Object.keys(differences).sort())
  })
})
