// Plays a script of sightings into a ClusterState as the coordinator does: one at a time, judged after each. Nodes go by
// short names: `a` is a:5432.
import { type ClusterState, initialState, nextState } from '../../src/failover/cluster-state.ts'
import type { Policy } from '../../src/split-brain/hearing.ts'
import { applyAddresses } from '../../src/topology/apply-addresses.ts'
import { applyFailure } from '../../src/topology/apply-failure.ts'
import { applyProbe } from '../../src/topology/apply-probe.ts'
import type { ClusterView } from '../../src/topology/cluster-view.ts'
import type { Host } from '../../src/topology/host.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { sighting } from './sighting.ts'
import { strictMapping, strictWord } from './strict-mapping.ts'

const PORT = 5432

export const POLICY: Policy = {
  splitBrain: 'refuse',
  writeQuorum: 'none',
  startupGraceMillis: 100,
  settleMillis: 10_000,
  // Rows let time pass without looks; what a sleep does has rows of its own.
  beliefMillis: Number.POSITIVE_INFINITY,
}

export interface Step {
  readonly at: number
  /** Entry to the addresses its name leads to from now on, before anything is seen: `{ a: 10.0.0.1 10.0.0.2 }`. */
  readonly resolve?: Readonly<Record<string, string>>
  /** Node to sighting, in this order; none: time alone passes and the review comes. */
  readonly see?: Readonly<Record<string, string>>
}

export function hosts(names: readonly string[]): readonly Host[] {
  return names.map((host) => ({ host, port: PORT }))
}

export function longName(short: string): string {
  return `${short}:${PORT}`
}

export function shortName(name: string): string {
  return name.replace(`:${PORT}`, '')
}

export function readPolicy(given: unknown): Policy {
  if (given === undefined) return POLICY
  const { splitBrain, writeQuorum, beliefMillis } = strictMapping(given, {
    optional: ['splitBrain', 'writeQuorum', 'beliefMillis'],
  })
  return {
    ...POLICY,
    beliefMillis: typeof beliefMillis === 'number' ? beliefMillis : POLICY.beliefMillis,
    splitBrain: strictWord(splitBrain ?? 'refuse', ['refuse', 'warn', 'off']),
    writeQuorum: strictWord(writeQuorum ?? 'none', ['none', 'majority']),
  }
}

export function learn(
  view: ClusterView,
  name: string,
  { result, nowMillis }: { result: ProbeResult; nowMillis: number },
): ClusterView {
  return result.kind === 'answer'
    ? applyProbe(view, name, result)
    : applyFailure(view, name, { failure: result, nowMillis })
}

/** Every state on the way, the last one last. Nothing learnt is no step, as in the coordinator. */
export function play(state: ClusterState, step: Step, policy: Policy = POLICY): readonly ClusterState[] {
  if (step.see === undefined && step.resolve === undefined) {
    return [nextState(state, state.view, { policy, nowMillis: step.at })]
  }
  const states: ClusterState[] = []
  let now = state
  for (const [entry, text] of Object.entries(step.resolve ?? {})) {
    const addresses = text.split(' ')
    const view = applyAddresses(now.view, longName(entry), { addresses, nowMillis: step.at })
    if (view === now.view) throw new Error(`'${entry}' leads nowhere else`)
    now = nextState(now, view, { policy, nowMillis: step.at })
    states.push(now)
  }
  for (const [node, text] of Object.entries(step.see ?? {})) {
    const name = longName(node)
    if (!now.view.nodes.some((known) => known.name === name)) throw new Error(`No node '${node}'`)
    const view = learn(now.view, name, { result: sighting(text, step.at), nowMillis: step.at })
    if (view === now.view) continue
    now = nextState(now, view, { policy, nowMillis: step.at })
    states.push(now)
  }
  return states
}

/** The step in a mapping of a table that has other keys too. */
export function readStep(given: unknown, keys: readonly string[] = []): Step {
  const { at, see, resolve } = strictMapping(given, {
    required: ['at'],
    optional: ['see', 'resolve', ...keys],
  })
  return {
    at: at as number,
    ...(see === undefined ? {} : { see: see as Record<string, string> }),
    ...(resolve === undefined ? {} : { resolve: resolve as Record<string, string> }),
  }
}

export function playAll(
  steps: readonly Step[],
  { nodes = ['a', 'b', 'c'], policy = POLICY }: { nodes?: readonly string[]; policy?: Policy } = {},
): ClusterState {
  let state = initialState(hosts(nodes), policy, 0)
  for (const step of steps) {
    state = play(state, readStep(step), policy).at(-1) ?? state
  }
  return state
}
