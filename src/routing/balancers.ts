// How to choose among several fit nodes. Each balancer is a function of the nodes and of what it is told about them.
import type { BalancerName } from '../config/settings.ts'
import type { NodeView } from '../topology/node-view.ts'

/** What a balancer may ask about the moment. Randomness is a parameter like any other. */
export interface Moment {
  /** Uniform in [0, 1). */
  random(): number
  /** How many connections of the node are in use. */
  busy(node: string): number
  /** Grows by one with every choice. */
  turn(): number
}

type Balancer = (nodes: readonly NodeView[], moment: Moment) => NodeView | undefined

export const balancers: Readonly<Record<BalancerName, Balancer>> = {
  random: (nodes, moment) => nodes[Math.floor(moment.random() * nodes.length)],
  roundRobin: (nodes, moment) => nodes[moment.turn() % nodes.length],
  leastBusy: (nodes, moment) => twoOf(nodes, moment, (node) => moment.busy(node.name)),
  nearest: (nodes, moment) =>
    twoOf(nodes, moment, (node) => (node.roundTripMillis ?? 0) * (1 + moment.busy(node.name))),
}

/** The better of two different nodes drawn at random: nearly as good as the best of all, and never a herd. */
function twoOf(
  nodes: readonly NodeView[],
  moment: Moment,
  cost: (node: NodeView) => number,
): NodeView | undefined {
  if (nodes.length < 2) return nodes[0]
  const i = Math.floor(moment.random() * nodes.length)
  const j = (i + 1 + Math.floor(moment.random() * (nodes.length - 1))) % nodes.length
  const a = nodes[i]
  const b = nodes[j]
  if (a === undefined || b === undefined) return a ?? b
  return cost(b) < cost(a) ? b : a
}
