// All that a pool believes at one moment: the view, the verdict on it, and what the judge remembers. Replaced whole.
import type { Policy } from '../split-brain/hearing.ts'
import { judge } from '../split-brain/judge.ts'
import { awoken, type Memory, newMemory } from '../split-brain/memory.ts'
import { isSplit, type Verdict, writableNode } from '../split-brain/verdict.ts'
import { type ClusterView, initialView, newestLookMillis } from '../topology/cluster-view.ts'
import { type Drains, drainsEndMillis, lastingDrains, NO_DRAINS } from '../topology/drain.ts'
import type { Host } from '../topology/host.ts'

export interface ClusterState {
  readonly view: ClusterView
  readonly verdict: Verdict
  readonly memory: Memory
  /** Nodes that get no new work, by the application's own wish or because a switchover is due. */
  readonly drains: Drains
  /** Since when no node may be written to; null while one may. */
  readonly withoutPrimarySinceMillis: number | null
  /** Since when two primaries are a fact; null while they are not. */
  readonly splitSinceMillis: number | null
  readonly judgedAtMillis: number
  /** When to judge again even without news. */
  readonly reviewAtMillis: number | null
}

const NOTHING: readonly never[] = Object.freeze([])

export function initialState(hosts: readonly Host[], policy: Policy, nowMillis: number): ClusterState {
  const view = initialView(hosts, nowMillis)
  const verdict: Verdict = {
    kind: 'none',
    rule: 'starting',
    reason: 'No node has been heard yet',
    stale: NOTHING,
    foreign: NOTHING,
    evidence: NOTHING,
    rules: Object.freeze(['starting'] as const),
    standbys: NOTHING,
    managerNames: null,
  }
  return Object.freeze({
    view,
    verdict: Object.freeze(verdict),
    memory: newMemory(nowMillis),
    drains: NO_DRAINS,
    withoutPrimarySinceMillis: nowMillis,
    splitSinceMillis: null,
    judgedAtMillis: nowMillis,
    reviewAtMillis: nowMillis + policy.startupGraceMillis,
  })
}

/** The state after a new view, or after time has passed over the same one. */
export function nextState(
  state: ClusterState,
  view: ClusterView,
  { policy, nowMillis }: { policy: Policy; nowMillis: number },
): ClusterState {
  const before = hasSlept(state, { policy, nowMillis }) ? awoken(state.memory, nowMillis) : state.memory
  const { verdict, memory, reviewAtMillis } = judge(view, before, { policy, nowMillis })
  const drains = lastingDrains(state.drains, view, nowMillis)
  return Object.freeze({
    view,
    verdict,
    memory,
    drains,
    withoutPrimarySinceMillis:
      writableNode(verdict) === null ? (state.withoutPrimarySinceMillis ?? nowMillis) : null,
    splitSinceMillis: isSplit(verdict) ? (state.splitSinceMillis ?? nowMillis) : null,
    judgedAtMillis: nowMillis,
    reviewAtMillis: earlier(reviewAtMillis, drainsEndMillis(drains)),
  })
}

/** The same beliefs, with other nodes drained. */
export function withDrains(state: ClusterState, drains: Drains): ClusterState {
  const reviewAtMillis = earlier(state.reviewAtMillis, drainsEndMillis(drains))
  return Object.freeze({ ...state, drains, reviewAtMillis })
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}

/**
 * Nobody has looked for so long that this process must have been suspended. The quickest answer is then no better than the
 * quickest one of all: the old primary may give it.
 */
function hasSlept(
  { view, memory }: ClusterState,
  { policy, nowMillis }: { policy: Policy; nowMillis: number },
): boolean {
  const newest = newestLookMillis(view)
  return memory.started && newest !== null && nowMillis - newest > policy.beliefMillis
}
