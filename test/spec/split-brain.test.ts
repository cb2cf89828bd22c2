// Runs the tables of the judge: phases of sightings in, the verdict after each phase out.
import { expect } from 'vitest'
import { type ClusterState, initialState } from '../../src/failover/cluster-state.ts'
import type { Memory } from '../../src/split-brain/memory.ts'
import type { Verdict } from '../../src/split-brain/verdict.ts'
import { hosts, longName, play, readPolicy, readStep, shortName } from '../support/cluster-script.ts'
import { SYSTEM } from '../support/sighting.ts'
import { specTable } from '../support/spec-table.ts'
import { strictMapping } from '../support/strict-mapping.ts'

interface Row {
  readonly name: string
  readonly phases: readonly unknown[]
  /** Three nodes, a, b and c, unless said otherwise. */
  readonly nodes?: readonly string[]
  readonly policy?: unknown
  /** What an earlier life of the pool left; the first decision is then long made. */
  readonly memory?: unknown
}

const KEYS = { required: ['phases'], optional: ['nodes', 'policy', 'memory'] }
const WHO_WRITES = ['first-decision', 'lone', 'contest', 'silence', 'foreign', 'policy', 'aliases', 'servers']
const EVIDENCE = ['votes', 'manager', 'history', 'fence', 'operator']
const PHASE_KEYS = ['verdict', 'stale', 'foreign', 'review', 'incumbent', 'highWater']
const PHASE = {
  required: ['at', 'verdict'],
  optional: ['see', 'resolve', 'trace', 'manager', ...PHASE_KEYS],
}

for (const table of [...WHO_WRITES, ...EVIDENCE]) {
  specTable<Row>(new URL(`./split-brain/${table}.yaml`, import.meta.url), KEYS, runRow)
}

function runRow(row: Row): void {
  const policy = readPolicy(row.policy)
  let state = initialState(hosts(row.nodes ?? ['a', 'b', 'c']), policy, 0)
  state = { ...state, memory: remembering(state.memory, row.memory) }
  for (const [index, given] of row.phases.entries()) {
    const phase = strictMapping(given, PHASE)
    state = play(state, readStep(phase, PHASE_KEYS), policy).at(-1) ?? state
    expect(outcome(state, phase), `phase ${index + 1}`).toEqual(expected(phase))
  }
}

function remembering(memory: Memory, given: unknown): Memory {
  if (given === undefined) return memory
  const { incumbent, highWater, system } = strictMapping(given, {
    optional: ['incumbent', 'highWater', 'system'],
  })
  return {
    ...memory,
    started: true,
    incumbent: incumbent === undefined ? null : longName(incumbent as string),
    highWaterTimeline: (highWater as number | undefined) ?? null,
    systemIdentifier: incumbent === undefined ? null : ((system as string | undefined) ?? SYSTEM),
  }
}

/** What is left out of a phase is expected to be empty; of the memory, only what is named counts. */
function expected(phase: Readonly<Record<string, unknown>>): unknown {
  const { verdict, stale = [], foreign = [], review = 'none' } = phase
  return { verdict, stale, foreign, review, ...memoryKeys(phase, phase) }
}

function outcome(state: ClusterState, phase: Readonly<Record<string, unknown>>): unknown {
  const { verdict, memory } = state
  const incumbent = memory.incumbent === null ? 'none' : shortName(memory.incumbent)
  const remembered = { incumbent, highWater: memory.highWaterTimeline ?? 'none' }
  return {
    verdict: inWords(verdict),
    stale: verdict.stale.map(shortName),
    foreign: verdict.foreign.map(shortName),
    review: state.reviewAtMillis ?? 'none',
    ...memoryKeys(remembered, phase),
  }
}

function memoryKeys(
  values: Readonly<Record<string, unknown>>,
  named: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const keys = ['incumbent', 'highWater'].filter((key) => Object.hasOwn(named, key))
  return Object.fromEntries(keys.map((key) => [key, values[key]]))
}

function inWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'none':
      return `none ${verdict.rule}`
    case 'primary':
      return `primary ${shortName(verdict.node)} ${verdict.rule}`
    case 'dualPrimary':
      return `dual ${verdict.claimants.map(shortName).join(' ')} ${verdict.rule}`
  }
}
