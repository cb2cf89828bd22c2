// Plays a script of sightings into a ClusterState as the coordinator does: one at a time, judged after each. Nodes go by
// short names: `a` is a:5432.
import { type ClusterState, initialState, nextState } from '../../src/failover/cluster-state.ts'
import type { Policy } from '../../src/split-brain/hearing.ts'
import { applyAddresses } from '../../src/topology/apply-addresses.ts'
import { applyFailure } from '../../src/topology/apply-failure.ts'
import { applyManager } from '../../src/topology/apply-manager.ts'
import { applyHistory, applyProbe } from '../../src/topology/apply-probe.ts'
import { type ClusterView, findNode } from '../../src/topology/cluster-view.ts'
import type { Host } from '../../src/topology/host.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { managerReport, tracedHistory } from './evidence-in-words.ts'
import { sighting } from './sighting.ts'
import { strictMapping, strictWord } from './strict-mapping.ts'

const PORT = 5432

export const POLICY: Policy = {
  splitBrain: 'refuse',
  writeQuorum: 'none',
  startupGraceMillis: 100,
  firstLookMillis: 1000,
  settleMillis: 10_000,
  // Rows let time pass without looks; what a sleep does has rows of its own.
  beliefMillis: Number.POSITIVE_INFINITY,
}

export interface Step {
  readonly at: number
  /** Entry to the addresses its name leads to from now on, before anything is seen: `{ a: 10.0.0.1 10.0.0.2 }`. */
  readonly resolve?: Readonly<Record<string, string>>
  /** Node to what reading its history brought: `1@0/30 2@0/50`, or `hidden`. */
  readonly trace?: Readonly<Record<string, string>>
  /** Node whose agent answers to its word: `names=b lock=yes`, `paused`, or `silent`. */
  readonly manager?: Readonly<Record<string, string>>
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
  const { splitBrain, writeQuorum, beliefMillis, pinTimeline, decide } = strictMapping(given, {
    optional: ['splitBrain', 'writeQuorum', 'beliefMillis', 'pinTimeline', 'decide'],
  })
  return {
    ...POLICY,
    beliefMillis: typeof beliefMillis === 'number' ? beliefMillis : POLICY.beliefMillis,
    splitBrain: strictWord(splitBrain ?? 'refuse', ['refuse', 'warn', 'off']),
    writeQuorum: strictWord(writeQuorum ?? 'none', ['none', 'majority']),
    ...(pinTimeline === undefined ? {} : { pinTimeline: pinTimeline as number }),
    ...(decide === undefined ? {} : { decide: decision(decide as string) }),
  }
}

/** `a`: always names it; `throws`: fails; `nobody`: has no opinion. */
function decision(text: string): NonNullable<Policy['decide']> {
  return () => {
    if (text === 'throws') throw new Error('no idea')
    return text === 'nobody' ? null : longName(text)
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
  if ([step.see, step.resolve, step.trace, step.manager].every((given) => given === undefined)) {
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
  for (const [node, text] of Object.entries(step.manager ?? {})) {
    const report = managerReport(longName(node), text, step.at)
    const view = applyManager(now.view, report)
    if (view === now.view) continue
    now = nextState(now, view, { policy, nowMillis: step.at })
    states.push(now)
  }
  for (const [node, text] of Object.entries(step.trace ?? {})) {
    const name = longName(node)
    const timeline = findNode(now.view, name)?.answer?.timeline ?? 0
    const view = applyHistory(now.view, name, { timeline, history: tracedHistory(timeline, text) })
    if (view === now.view) throw new Error(`Nothing is learnt of the history of '${node}'`)
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
  const { at, see, resolve, trace, manager } = strictMapping(given, {
    required: ['at'],
    optional: ['see', 'resolve', 'trace', 'manager', ...keys],
  })
  return {
    at: at as number,
    ...(trace === undefined ? {} : { trace: trace as Record<string, string> }),
    ...(manager === undefined ? {} : { manager: manager as Record<string, string> }),
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
