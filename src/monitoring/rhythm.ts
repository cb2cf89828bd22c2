// When to look at a node again. Steady while all is calm, fast after a bad sign, and not fast for ever.
import type { ClusterState } from '../failover/cluster-state.ts'
import { isSplit, writableNode } from '../split-brain/verdict.ts'
import { findNode } from '../topology/cluster-view.ts'

/** After a bad sign, until calm. */
const URGENT_MILLIS = 100
/** A standby while there is no primary: it may be the next one, and requests are waiting for it. */
const AWAITED_MILLIS = 50
/** How long one episode is worth hurrying for. */
const EPISODE_MILLIS = 60_000
/** A node that is down while the primary is up soon becomes the steady rhythm's business. */
const NODE_EPISODE_MILLIS = 5_000
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

function urgency(state: ClusterState, name: string, nowMillis: number): number {
  const node = findNode(state.view, name)
  if (node === undefined) return Number.POSITIVE_INFINITY
  const since = state.withoutPrimarySinceMillis
  if (writableNode(state.verdict) === null && since !== null && nowMillis - since < EPISODE_MILLIS) {
    return node.state === 'standby' ? AWAITED_MILLIS : URGENT_MILLIS
  }
  const recent = nowMillis - node.sinceMillis < NODE_EPISODE_MILLIS
  const up = node.state === 'primary' || node.state === 'standby'
  if (isSplit(state.verdict) && recent) return URGENT_MILLIS
  return !up && recent ? URGENT_MILLIS : Number.POSITIVE_INFINITY
}
