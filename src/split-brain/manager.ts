// The cluster manager's word: the one node that all its fresh answers name. Knows nothing of how it is asked, nor of what its
// word is worth.
import type { ClusterView } from '../topology/cluster-view.ts'
import {
  leaderOf,
  type ManagerAnswer,
  type ManagerMember,
  type ManagerReport,
} from '../topology/manager-word.ts'
import { isSameServer } from '../topology/servers.ts'

/** An agent that has not seen its store for longer than Patroni's default ttl speaks of a lock that has expired. */
const STORE_AGE_MILLIS = 30_000

/**
 * The node that holds the leader's lock by every answer asked at or after `sinceMillis`. Null where nothing was asked since,
 * where the answers differ, where the manager is paused, and where the leader is none of the nodes listed.
 */
export function managerNames(view: ClusterView, sinceMillis: number): string | null {
  const named = new Set<string | null>()
  for (const report of view.manager) {
    const { result } = report
    if (result.kind === 'managerFailure' || result.askedAtMillis < sinceMillis) continue
    if (result.storeAgeMillis !== null && result.storeAgeMillis > STORE_AGE_MILLIS) continue
    if (result.isPaused) return null
    const leader = leaderOf(result)
    if (leader !== null) named.add(nodeOf(view, leader))
    if (result.holdsLock === true && report.node !== null) named.add(oneName(view, report.node))
  }
  const [only] = named
  return named.size === 1 && only !== undefined ? only : null
}

function nodeOf(view: ClusterView, member: ManagerMember): string | null {
  const listed = view.nodes.find(({ host, address, port, answer }) => {
    const own = answer?.ownAddress ?? null
    const isListed = port === member.port && (host === member.host || address === member.host)
    return isListed || (own !== null && own.port === member.port && own.host === member.host)
  })
  if (listed !== undefined) return oneName(view, listed.name)
  const speaker = view.manager.find((report) => speaksFor(report, member))
  return speaker?.node == null ? null : oneName(view, speaker.node)
}

function speaksFor({ node, result }: ManagerReport, member: ManagerMember): boolean {
  return node !== null && (result as Partial<ManagerAnswer>).member === member.name
}

/** The first name of the server that this name leads to: two names of one server are one word. */
function oneName(view: ClusterView, name: string): string {
  const node = view.nodes.find((each) => each.name === name)
  if (node?.answer == null) return name
  const { answer } = node
  const first = view.nodes.find((each) => each.answer !== null && isSameServer(each.answer, answer))
  return first?.name ?? name
}
