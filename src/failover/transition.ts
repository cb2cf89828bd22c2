// From one state to the next: what has to be done about it, as plain values in the order of doing. Does none of it.
import type { PoolEvent } from '../events.ts'
import { type Verdict, writableNode } from '../split-brain/verdict.ts'
import { findNode } from '../topology/cluster-view.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { ProbeAnswer } from '../topology/probe-result.ts'
import type { ClusterState } from './cluster-state.ts'

export type Effect =
  /** Start a new generation of a node's pools: idle connections go now, leased ones at release. */
  | {
      readonly kind: 'invalidate'
      readonly node: string
      readonly intent: 'write' | 'both'
      /** `close` says goodbye to the server; `destroy` does not wait for one that is silent. */
      readonly idle: 'close' | 'destroy'
    }
  /** End connections in use, now. */
  | {
      readonly kind: 'destroyLeased'
      readonly node: string
      readonly intent: 'write' | 'both'
      readonly reason: string
    }
  | { readonly kind: 'probe'; readonly nodes: readonly string[] }
  | { readonly kind: 'emit'; readonly event: PoolEvent }

/** Looks in a row without an answer after which connections in use are given up. */
const MISSES_BEFORE_DESTROYING = 2

export function transition(before: ClusterState, after: ClusterState): readonly Effect[] {
  const nodeEffects = changedNodes(before, after).flatMap(([was, is]) => nodeConsequences(was, is))
  return [
    ...nodeEffects,
    ...fences(before, after),
    ...probes(before, after),
    ...events(before, after).map((event) => ({ kind: 'emit', event }) as const),
  ]
}

function changedNodes(before: ClusterState, after: ClusterState): readonly (readonly [NodeView, NodeView])[] {
  return after.view.nodes.flatMap((is) => {
    const was = findNode(before.view, is.name)
    return was === undefined || was === is ? [] : [[was, is] as const]
  })
}

function nodeConsequences(was: NodeView, is: NodeView): readonly Effect[] {
  const effects: Effect[] = []
  const node = is.name
  if (is.state === 'unreachable' && was.state !== 'unreachable') {
    effects.push({ kind: 'invalidate', node, intent: 'both', idle: 'destroy' })
  }
  if (is.misses >= MISSES_BEFORE_DESTROYING && was.misses < MISSES_BEFORE_DESTROYING) {
    const reason = `${node} does not answer any more (${is.failure?.code ?? is.failure?.message})`
    effects.push({ kind: 'destroyLeased', node, intent: 'both', reason })
  }
  if (was.answer !== null && is.answer !== null && was.answer !== is.answer) {
    if (isAnotherServer(was.answer, is.answer)) {
      effects.push({ kind: 'invalidate', node, intent: 'both', idle: 'close' })
    } else if (was.answer.role === 'primary' && is.answer.role === 'standby') {
      effects.push({ kind: 'invalidate', node, intent: 'write', idle: 'close' })
    }
  }
  return effects
}

/** Restarted, or another server has taken over the address: connections of before are dead, or lead elsewhere. */
function isAnotherServer(was: ProbeAnswer, is: ProbeAnswer): boolean {
  return (
    differ(was.serverStartMillis, is.serverStartMillis) || differ(was.systemIdentifier, is.systemIdentifier)
  )
}

function differ<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b
}

/** Writes leave a node the moment a verdict goes against it; what is in use there is cut off, not waited for. */
function fences(before: ClusterState, after: ClusterState): readonly Effect[] {
  const already = condemned(before.verdict)
  const fenced = new Map<string, string>()
  for (const node of condemned(after.verdict)) {
    if (!already.has(node)) fenced.set(node, `${node} may not be written to: ${after.verdict.reason}`)
  }
  const left = before.memory.incumbent
  const now = writableNode(after.verdict)
  if (left !== null && now !== null && left !== now && now !== writableNode(before.verdict)) {
    // A clean switchover leaves a standby behind, whose old sessions are gone. Anything else may still take writes.
    if (findNode(after.view, left)?.state !== 'standby')
      fenced.set(left, `${now} is the primary now, not ${left}`)
  }
  return [...fenced].flatMap(([node, reason]): readonly Effect[] => [
    { kind: 'invalidate', node, intent: 'write', idle: 'close' },
    { kind: 'destroyLeased', node, intent: 'write', reason },
  ])
}

/** Claimants that must not be written to. An unconfirmed look condemns nobody. */
function condemned(verdict: Verdict): ReadonlySet<string> {
  const undecided = verdict.kind === 'dualPrimary' && verdict.rule !== 'unconfirmed' ? verdict.claimants : []
  return new Set([...verdict.stale, ...verdict.foreign, ...undecided])
}

function probes(before: ClusterState, after: ClusterState): readonly Effect[] {
  const all = after.view.nodes.map((node) => node.name)
  const badSign = changedNodes(before, after).some(
    ([was, is]) =>
      is.failure !== null &&
      was.failure !== is.failure &&
      (is.failure.seenBy === 'pool' || was.state === 'primary' || was.state === 'standby'),
  )
  const awoke = before.memory.started && !after.memory.started
  if (badSign || awoke) return [{ kind: 'probe', nodes: all }]
  const doubted = after.verdict.kind === 'dualPrimary' && after.verdict.rule === 'unconfirmed'
  if (doubted && before.memory.contest?.sinceMillis !== after.memory.contest?.sinceMillis) {
    return [{ kind: 'probe', nodes: after.memory.contest?.claimants ?? [] }]
  }
  return []
}

function events(before: ClusterState, after: ClusterState): readonly PoolEvent[] {
  const { verdict } = after
  const { revision } = after.view
  const list: PoolEvent[] = []
  for (const [was, is] of changedNodes(before, after)) {
    if (was.state === is.state) continue
    const failure = is.failure === null ? null : { code: is.failure.code, message: is.failure.message }
    list.push({
      name: 'nodeChange',
      payload: { node: is.name, previous: was.state, current: is.state, failure, revision },
    })
  }
  const previous = writableNode(before.verdict)
  const current = writableNode(verdict)
  if (previous !== current) {
    list.push({ name: 'primaryChange', payload: { previous, current, verdict, revision } })
  }
  const from = before.memory.incumbent
  if (current !== null && from !== null && from !== current) {
    list.push({
      name: 'failover',
      payload: { from, to: current, downtimeMillis: downtimeMillis(before, after), verdict, revision },
    })
  }
  if (after.splitSinceMillis !== null && before.splitSinceMillis === null) {
    list.push({ name: 'splitBrain', payload: { claimants: verdict.evidence, verdict, revision } })
  }
  if (after.splitSinceMillis === null && before.splitSinceMillis !== null) {
    const durationMillis = after.judgedAtMillis - before.splitSinceMillis
    list.push({ name: 'splitBrainEnd', payload: { durationMillis, verdict, revision } })
  }
  return list
}

function downtimeMillis(before: ClusterState, after: ClusterState): number {
  return before.withoutPrimarySinceMillis === null
    ? 0
    : after.judgedAtMillis - before.withoutPrimarySinceMillis
}
