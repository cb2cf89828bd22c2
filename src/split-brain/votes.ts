// Whom the standbys follow: by their own word where it may be seen, else by what a primary counts. Knows nothing of who wins.
import type { ClusterView } from '../topology/cluster-view.ts'
import { isClaimant, isUp, type NodeView } from '../topology/node-view.ts'
import { isSameServer, serverKey } from '../topology/servers.ts'

/** A standby's vote; null: it may not be seen, or leads nowhere known. */
export interface Vote {
  readonly standby: string
  readonly follows: string | null
}

/** One vote for each standby that answered its last look, by all its names once. */
export function votesOf(view: ClusterView, claimants: readonly string[]): readonly Vote[] {
  const standbys = view.nodes.filter((node) => node.state === 'standby')
  const seen = new Set<string>()
  return standbys.flatMap((standby) => {
    const key = (standby.answer && serverKey(standby.answer)) ?? standby.name
    if (seen.has(key)) return []
    seen.add(key)
    return [Object.freeze({ standby: standby.name, follows: followed(view, standby, claimants) })]
  })
}

/**
 * How many standbys stand behind a claimant. A standby says better whom it follows than the primary it has left: there its
 * row lingers. So those that vote for another are taken off what a claimant counts.
 */
export function supportFor(
  claimant: string,
  { votes, followers }: { votes: readonly Vote[]; followers: number | null },
): number {
  const own = votes.filter(({ follows }) => follows === claimant).length
  const others = votes.filter(({ follows }) => follows !== null && follows !== claimant).length
  return Math.max(own, (followers ?? 0) - others)
}

/** Whether it receives from a listed node that this process does not see: a primary, perhaps. */
export function followsUnseen(view: ClusterView, node: NodeView): boolean {
  if (node.state !== 'standby' || node.answer?.receiving !== true) return false
  const upstream = upstreamOf(view, node)
  return upstream !== null && !isUp(upstream)
}

/** The claimant at the end of the chain that the standby hangs on. */
function followed(view: ClusterView, standby: NodeView, claimants: readonly string[]): string | null {
  const passed = new Set<NodeView>()
  let node: NodeView | null = standby
  while (node !== null && !passed.has(node)) {
    passed.add(node)
    const upstream: NodeView | null = upstreamOf(view, node)
    if (upstream !== null && isClaimant(upstream)) return nameAmong(view, upstream, claimants)
    // What one out of sight followed when it was last seen says nothing: it may have been promoted since.
    node = upstream?.state === 'standby' ? upstream : null
  }
  return byTimeline(view, standby, claimants)
}

/** The one server that the node's upstream address leads to; null where that is none, or might be several. */
function upstreamOf(view: ClusterView, { answer }: NodeView): NodeView | null {
  const upstream = answer?.upstream ?? null
  if (upstream === null) return null
  const { host, port } = upstream
  const found = view.nodes.filter((node) => {
    const own = node.answer?.ownAddress ?? null
    const isListed = node.port === port && (node.host === host || node.address === host)
    return isListed || (own !== null && own.port === port && own.host === host)
  })
  const [first] = found
  if (first === undefined) return null
  return found.every((node) => node === first || isOneServer(node, first)) ? first : null
}

/** Where the address says nothing to us, the timeline received may: one that a single claimant writes. */
function byTimeline(view: ClusterView, { answer }: NodeView, claimants: readonly string[]): string | null {
  const timeline = answer?.timeline ?? null
  if (timeline === null || answer?.receiving !== true) return null
  const writers = view.nodes.filter((node) => isClaimant(node) && node.answer?.timeline === timeline)
  const known = claimants.filter((name) => writers.some((node) => node.name === name))
  return known.length === 1 ? (known[0] as string) : null
}

function nameAmong(view: ClusterView, claimant: NodeView, claimants: readonly string[]): string | null {
  if (claimants.includes(claimant.name)) return claimant.name
  const alias = view.nodes.find((node) => claimants.includes(node.name) && isOneServer(node, claimant))
  return alias?.name ?? null
}

function isOneServer(a: NodeView, b: NodeView): boolean {
  return a.answer !== null && b.answer !== null && isSameServer(a.answer, b.answer)
}
