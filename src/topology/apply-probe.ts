// What an answer changes in the view. The newest question wins; nothing learned returns the same view.
import { type ClusterView, findNode, withNode } from './cluster-view.ts'
import { withLook } from './network-time.ts'
import type { KnownHistory, NodeView } from './node-view.ts'
import type { ProbeAnswer } from './probe-result.ts'

const NEWEST_WEIGHT = 0.2

export function applyProbe(view: ClusterView, name: string, answer: ProbeAnswer): ClusterView {
  const node = findNode(view, name)
  if (node === undefined || isOlder(node, answer.askedAtMillis)) return view
  const answeredAtMillis = answer.askedAtMillis + answer.roundTripMillis
  return withNode(
    view,
    Object.freeze({
      ...node,
      state: answer.role,
      sinceMillis: node.state === answer.role ? node.sinceMillis : answeredAtMillis,
      checkedAtMillis: answer.askedAtMillis,
      answer: Object.freeze(answer),
      earlier: node.answer?.role === answer.role ? node.answer : null,
      history: historyAfter(node, answer),
      failure: null,
      misses: 0,
      roundTripMillis: smoothed(node.roundTripMillis, answer.roundTripMillis),
      network: withLook(node.network, {
        atMillis: answer.askedAtMillis,
        millis: answer.roundTripMillis - (answer.servingMillis ?? 0),
      }),
    }),
  )
}

/** A standby may come back with another history under the same number. */
function historyAfter(node: NodeView, { role, timeline }: ProbeAnswer): NodeView['history'] {
  return role === 'primary' && node.history?.timeline === timeline ? node.history : null
}

/** What reading a primary's history has brought; of a timeline that it is no longer on, nothing. */
export function applyHistory(view: ClusterView, name: string, history: KnownHistory): ClusterView {
  const node = findNode(view, name)
  if (node === undefined || node.answer?.role !== 'primary' || node.answer.timeline !== history.timeline) {
    return view
  }
  return withNode(view, Object.freeze({ ...node, history: Object.freeze(history) }))
}

/** Whether something asked at this time is older than what the node's state rests on. */
export function isOlder(node: NodeView, askedAtMillis: number): boolean {
  return node.checkedAtMillis !== null && askedAtMillis < node.checkedAtMillis
}

function smoothed(before: number | null, newest: number): number {
  return before === null ? newest : before * (1 - NEWEST_WEIGHT) + newest * NEWEST_WEIGHT
}
