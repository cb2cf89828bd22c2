// What each claimant can show for itself, and which cluster is ours. Knows nothing of policies or of who wins.
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { historyOf, isClaimant, type NodeView } from '../topology/node-view.ts'
import type { ProbeAnswer } from '../topology/probe-result.ts'
import { expectedServers, visibleServers } from '../topology/servers.ts'
import type { TimelineHistory } from '../topology/timeline-history.ts'
import { supportFor, type Vote } from './votes.ts'

/** What a node that says it is not in recovery can show. Null: it may not be seen, or not by this role. */
export interface ClaimantEvidence {
  readonly node: string
  readonly systemIdentifier: string | null
  readonly timeline: number | null
  /** Where the timeline comes from. */
  readonly history: TimelineHistory | null
  /** Standbys that it counts itself. */
  readonly followers: number | null
  /** Listed standbys that say they follow it, through others or not. */
  readonly votes: number
  /** Both together: how many standbys stand behind it. */
  readonly support: number
  /** False: the standby that a commit waits for is not there. */
  readonly canCommit: boolean | null
  readonly serverStartMillis: number | null
  /** Since when it has been seen to claim. */
  readonly sinceMillis: number
  /** When the question was asked that this rests on. */
  readonly askedAtMillis: number
}

/** Whom a standby follows; null: it may not be seen, or is none of the claimants. */
export interface StandbyEvidence {
  readonly node: string
  readonly follows: string | null
  readonly timeline: number | null
}

/** Of every claimant, in list order. */
export function claimantEvidence(view: ClusterView): readonly ClaimantEvidence[] {
  const claiming = view.nodes.filter((node) => isClaimant(node) && node.answer !== null)
  return Object.freeze(claiming.map(evidenceOf))
}

function evidenceOf(node: NodeView): ClaimantEvidence {
  const { systemIdentifier, timeline, followers, serverStartMillis, askedAtMillis, canCommit } =
    node.answer as ProbeAnswer
  return Object.freeze({
    ...{ node: node.name, systemIdentifier, timeline, history: historyOf(node), followers },
    ...{ votes: 0, support: followers ?? 0, canCommit, serverStartMillis },
    ...{ sinceMillis: node.sinceMillis, askedAtMillis },
  })
}

/** With what the standbys say: asked of those that are claimants of our own cluster. */
export function withVotes(
  claimants: readonly ClaimantEvidence[],
  votes: readonly Vote[],
): readonly ClaimantEvidence[] {
  return Object.freeze(
    claimants.map((claimant) =>
      Object.freeze({
        ...claimant,
        votes: votes.filter(({ follows }) => follows === claimant.node).length,
        support: supportFor(claimant.node, { votes, followers: claimant.followers }),
      }),
    ),
  )
}

export function standbyEvidence(view: ClusterView, votes: readonly Vote[]): readonly StandbyEvidence[] {
  return Object.freeze(
    votes.map(({ standby, follows }) => {
      const timeline = findNode(view, standby)?.answer?.timeline ?? null
      return Object.freeze({ node: standby, follows, timeline })
    }),
  )
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
