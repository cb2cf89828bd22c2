// When to look at a node again. Steady while all is calm, fast after a bad sign, and not fast for ever.
import type { ClusterState } from '../failover/cluster-state.ts'
import { isSplit, writableNode } from '../split-brain/verdict.ts'
import { findNode } from '../topology/cluster-view.ts'
import { isUnresolved, isUp, type NodeView } from '../topology/node-view.ts'

/** After a bad sign, until calm. */
const URGENT_MILLIS = 100
/** A standby while there is no primary: it may be the next one, and requests are waiting for it. */
const AWAITED_MILLIS = 50
/** How long one episode is worth hurrying for. */
const EPISODE_MILLIS = 60_000
/** A node that is down while the primary is up soon becomes the steady rhythm's business. */
const NODE_EPISODE_MILLIS = 5_000
/** The cluster manager, while its word may decide: each answer costs it a look at its store. */
const ASKED_MILLIS = 250
const JITTER = 0.1

export interface Rhythm {
  readonly steadyMillis: number
  readonly nowMillis: number
  /** Uniform in [0, 1). */
  readonly random: number
}

/** The longest that a steady rhythm leaves between two looks. */
export function longestPauseMillis(steadyMillis: number): number {
  return steadyMillis * (1 + JITTER)
}

export function nextLookMillis(state: ClusterState, name: string, rhythm: Rhythm): number {
  const base = Math.min(rhythm.steadyMillis, urgency(state, name, rhythm.nowMillis))
  return base * (1 - JITTER + 2 * JITTER * rhythm.random)
}

/** When to ask the cluster manager again: as steadily as the nodes, and faster while its word may decide. */
export function nextAskMillis(state: ClusterState, { steadyMillis, nowMillis, random }: Rhythm): number {
  const isWanted = isWithoutPrimary(state, nowMillis) || isSplit(state.verdict)
  const base = isWanted ? Math.min(steadyMillis, ASKED_MILLIS) : steadyMillis
  return base * (1 - JITTER + 2 * JITTER * random)
}

/**
 * When to look up again the name of these nodes: a name that leads nowhere yet is asked for as a node that is down is
 * looked at, a known one when its addresses could be old.
 */
export function nextLookupMillis(
  state: ClusterState,
  nodes: readonly NodeView[],
  rhythm: Rhythm & { readonly recheckMillis: number },
): number {
  const unresolved = nodes.filter(isUnresolved)
  const pauses = unresolved.map((node) => nextLookMillis(state, node.name, rhythm))
  const recheckMillis = rhythm.recheckMillis * (1 - JITTER * rhythm.random)
  return Math.min(...pauses, recheckMillis)
}

/**
 * The nodes whose names may lead elsewhere by now: those that have ceased to answer, not long ago, and while the cluster
 * has lost its primary all of them.
 */
export function doubtfulAddresses(state: ClusterState, nowMillis: number): readonly NodeView[] {
  const { view, verdict } = state
  if (verdict.rule === 'starting') return []
  if (isWithoutPrimary(state, nowMillis)) return view.nodes
  return view.nodes.filter((node) => node.failure !== null && nowMillis - node.sinceMillis < EPISODE_MILLIS)
}

function isWithoutPrimary(state: ClusterState, nowMillis: number): boolean {
  const since = state.withoutPrimarySinceMillis
  return writableNode(state.verdict) === null && since !== null && nowMillis - since < EPISODE_MILLIS
}

function urgency(state: ClusterState, name: string, nowMillis: number): number {
  const node = findNode(state.view, name)
  if (node === undefined) return Number.POSITIVE_INFINITY
  if (isWithoutPrimary(state, nowMillis)) return node.state === 'standby' ? AWAITED_MILLIS : URGENT_MILLIS
  const recent = nowMillis - node.sinceMillis < NODE_EPISODE_MILLIS
  if (isSplit(state.verdict) && recent) return URGENT_MILLIS
  return !isUp(node) && recent ? URGENT_MILLIS : Number.POSITIVE_INFINITY
}
