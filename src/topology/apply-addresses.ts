// What a lookup changes in the view: the nodes of one entry follow the addresses its name leads to. Knows nothing of how
// names are looked up.
import type { ClusterView } from './cluster-view.ts'
import { addressName } from './host.ts'
import { type NodeView, unknownNode } from './node-view.ts'

/**
 * An address that stays keeps its node, its name and its place; one that is new begins as unknown, behind them in the
 * resolver's order; the node of one that is gone leaves. A single new address takes the entry's own name. The same
 * addresses in another order, no address, and an entry that is not in the view give the same view.
 */
export function applyAddresses(
  view: ClusterView,
  entry: string,
  { addresses, nowMillis }: { addresses: readonly string[]; nowMillis: number },
): ClusterView {
  // What is listed with its address beside the bare name is a node already.
  const taken = new Set(view.nodes.filter((node) => node.entry !== entry).map((node) => node.name))
  const at = view.nodes.findIndex((node) => node.entry === entry)
  const before = view.nodes.filter((node) => node.entry === entry)
  const [first] = before
  if (first === undefined) return view
  const wanted = [...new Set(addresses)].filter((address) => !taken.has(addressName(first, address)))
  if (wanted.length === 0) return view
  const kept = before.filter(({ address }) => address !== null && wanted.includes(address))
  const fresh = wanted.filter((address) => !kept.some((node) => node.address === address))
  if (fresh.length === 0 && kept.length === before.length) return view
  const nodes = [...kept, ...fresh.map((address) => newNode(first, address))]
  return Object.freeze({
    ...view,
    revision: view.revision + 1,
    nodes: Object.freeze(view.nodes.toSpliced(at, before.length, ...nodes)),
  })

  function newNode({ host, port }: NodeView, address: string): NodeView {
    const name = wanted.length === 1 ? entry : addressName({ host, port }, address)
    return unknownNode({ name, entry, host, port, address }, nowMillis)
  }
}
