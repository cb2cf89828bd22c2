// What we believe of the cluster: one frozen value that every decision reads whole. Knows nothing of verdicts.
import { entryNames, givenAddress, type Host } from './host.ts'
import type { ManagerReport } from './manager-word.ts'
import { type NodeView, unknownNode } from './node-view.ts'

export interface ClusterView {
  /** Grows by one with every view. */
  readonly revision: number
  /** In the order of the host list; several addresses of one entry side by side. */
  readonly nodes: readonly NodeView[]
  /** The last word of each of the cluster manager's agents; empty where none is asked. */
  readonly manager: readonly ManagerReport[]
}

export function initialView(hosts: readonly Host[], nowMillis: number): ClusterView {
  const names = entryNames(hosts)
  const nodes = hosts.map(({ host, port, hostaddr }, i) => {
    const name = names[i] ?? ''
    const address = givenAddress({ host, hostaddr })
    return unknownNode({ name, entry: name, host, port, address }, nowMillis)
  })
  return Object.freeze({ revision: 0, nodes: Object.freeze(nodes), manager: Object.freeze([]) })
}

/** When the newest look that counts was asked, at any node; null before the first. */
export function newestLookMillis(view: ClusterView): number | null {
  const asked = view.nodes.flatMap((node) => node.checkedAtMillis ?? [])
  return asked.length === 0 ? null : Math.max(...asked)
}

export function findNode(view: ClusterView, name: string): NodeView | undefined {
  return view.nodes.find((node) => node.name === name)
}

/** The view with one node replaced. An unchanged node, or one that is not in the view, gives the same view. */
export function withNode(view: ClusterView, node: NodeView): ClusterView {
  const index = view.nodes.findIndex((candidate) => candidate.name === node.name)
  if (index === -1 || view.nodes[index] === node) return view
  return Object.freeze({
    ...view,
    revision: view.revision + 1,
    nodes: Object.freeze(view.nodes.with(index, node)),
  })
}
