// The memory of who has lost: a claimant found stale is kept out until it has become a standby, whatever becomes of the one
// that won. Knows nothing of connections.
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { isSameServer, type ServerIdentity } from '../topology/servers.ts'
import type { ClaimantEvidence } from './evidence.ts'
import { isFound, type Verdict } from './verdict.ts'

export interface Fence {
  readonly node: string
  /** Who won against it, and on which timeline. */
  readonly winner: string
  readonly winnerTimeline: number | null
  readonly sinceMillis: number
}

/** The fence that keeps a claimant out. Another name of the primary itself is not kept out. */
export function fenceOf(
  fences: readonly Fence[],
  claimant: ClaimantEvidence,
  incumbent: ServerIdentity | null,
): Fence | null {
  if (incumbent !== null && isSameServer(claimant, incumbent)) return null
  return fences.find(({ node }) => node === claimant.node) ?? null
}

export function fencesAfter(
  fences: readonly Fence[],
  { view, verdict, nowMillis }: { view: ClusterView; verdict: Verdict; nowMillis: number },
): readonly Fence[] {
  const kept = fences.filter((fence) => isKept(view, fence))
  if (!isFound(verdict)) return kept.length === fences.length ? fences : Object.freeze(kept)
  const winner = verdict.evidence.find(({ node }) => node === verdict.node)
  const standing = kept.filter(({ node }) => node !== verdict.node)
  const fresh = verdict.stale
    .filter((node) => !standing.some((fence) => fence.node === node))
    .map((node) =>
      Object.freeze({
        node,
        winner: verdict.node,
        winnerTimeline: winner?.timeline ?? null,
        sinceMillis: nowMillis,
      }),
    )
  if (fresh.length === 0 && standing.length === fences.length) return fences
  return Object.freeze([...standing, ...fresh])
}

/**
 * It ends when the node is seen as a standby that receives the winner's history. One in crash recovery says that it is a
 * standby, too, but receives nothing.
 */
function isKept(view: ClusterView, { node, winnerTimeline }: Fence): boolean {
  const seen = findNode(view, node)
  if (seen === undefined) return false
  if (seen.state !== 'standby' || seen.answer === null) return true
  const { receiving, timeline } = seen.answer
  return receiving === false || (timeline !== null && winnerTimeline !== null && timeline < winnerTimeline)
}
