// What each claimant can show for itself, and which cluster is ours. Knows nothing of policies or of who wins.
import type { ClusterView } from '../topology/cluster-view.ts'
import { isClaimant } from '../topology/node-view.ts'
import { expectedServers, visibleServers } from '../topology/servers.ts'

/** What a node that says it is not in recovery can show. Null: it may not be seen, or not by this role. */
export interface ClaimantEvidence {
  readonly node: string
  readonly systemIdentifier: string | null
  readonly timeline: number | null
  readonly followers: number | null
  readonly serverStartMillis: number | null
  /** When the question was asked that this rests on. */
  readonly askedAtMillis: number
}

export function claimantEvidence(view: ClusterView): readonly ClaimantEvidence[] {
  const evidence: ClaimantEvidence[] = []
  for (const node of view.nodes) {
    if (!isClaimant(node) || node.answer === null) continue
    const { systemIdentifier, timeline, followers, serverStartMillis, askedAtMillis } = node.answer
    evidence.push(
      Object.freeze({
        node: node.name,
        systemIdentifier,
        timeline,
        followers,
        serverStartMillis,
        askedAtMillis,
      }),
    )
  }
  return Object.freeze(evidence)
}

/**
 * Which system identifier is ours: that of most of the servers listed; else the one accepted before; else the only one,
 * or the most frequent one, seen. Null where none is visible or two are equally frequent.
 */
export function ownSystem(view: ClusterView, accepted: string | null): string | null {
  const ids = new Set(view.nodes.flatMap((node) => node.answer?.systemIdentifier ?? []))
  const counts = [...ids].map((id): [string, number] => [
    id,
    visibleServers(view, (node) => node.answer?.systemIdentifier === id),
  ])
  const ranked = counts.sort((a, b) => b[1] - a[1])
  const [first, second] = ranked
  if (first === undefined) return accepted
  if (first[1] * 2 > expectedServers(view)) return first[0]
  if (accepted !== null) return accepted
  return second === undefined || first[1] > second[1] ? first[0] : null
}

/** The nodes that showed another system identifier than ours: a mistake in the host list, never to be used. */
export function foreignNodes(view: ClusterView, own: string | null): readonly string[] {
  const alien = view.nodes.filter((node) => {
    const id = node.answer?.systemIdentifier
    return own !== null && id != null && id !== own
  })
  return Object.freeze(alien.map((node) => node.name))
}

/** Followers that may not be seen are no votes. */
export function votes(evidence: ClaimantEvidence): number {
  return evidence.followers ?? 0
}
