// Claimants that are one server under several names or addresses: localhost by IPv4 and IPv6, a name and its VIP. They
// speak with one voice. Knows nothing of who wins.
import type { ClusterView } from '../topology/cluster-view.ts'
import { isSameServer, type ServerIdentity } from '../topology/servers.ts'
import type { ClaimantEvidence } from './evidence.ts'

/** One claimant for each server: the one already written to, else the first of the list. */
export function oneOfEachServer(
  claimants: readonly ClaimantEvidence[],
  incumbent: string | null,
): readonly ClaimantEvidence[] {
  return claimants.filter((claimant) => {
    const same = claimants.filter((other) => other === claimant || isSameServer(other, claimant))
    return claimant === (same.find(({ node }) => node === incumbent) ?? same[0])
  })
}

/** The nodes whose last answer came from this server, whatever has become of them since. */
export function nodesOfServer(view: ClusterView, server: ServerIdentity | null): readonly string[] {
  if (server === null) return []
  return view.nodes
    .filter(({ answer }) => answer !== null && isSameServer(answer, server))
    .map((node) => node.name)
}

/** These nodes, and after them all that lead to the same servers as they do. */
export function withAliases(view: ClusterView, names: Iterable<string>): readonly string[] {
  const given = new Set(names)
  const others = view.nodes
    .filter((node) => given.has(node.name))
    .flatMap((node) => nodesOfServer(view, node.answer))
  return [...new Set([...given, ...others])]
}
