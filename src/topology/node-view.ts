// What we believe of one node: a frozen value. Knows nothing of other nodes, connections or clocks.
import { needsLookup } from './host.ts'
import type { NetworkTime } from './network-time.ts'
import type { NodeFailure, ProbeAnswer } from './probe-result.ts'
import { firstHistory, type TimelineHistory } from './timeline-history.ts'

/**
 * - `unknown`: not asked yet, or a sign contradicts what was believed; never written to, never taken for a standby
 * - `primary`, `standby`: what it said of itself at the last look
 * - `starting`: up, but takes no sessions yet, or no longer
 * - `unreachable`: refuses connections or does not answer
 * - `rejected`: refuses this client's login
 */
export type NodeState = 'unknown' | 'primary' | 'standby' | 'starting' | 'unreachable' | 'rejected'

/** `history` null: it was asked for, and may not be seen. */
export interface KnownHistory {
  readonly timeline: number
  readonly history: TimelineHistory | null
}

export interface NodeView {
  /** The node's name everywhere: `host:port`, or `host/address:port` where its name leads to several addresses. */
  readonly name: string
  /** What the entry of the host list is called that it belongs to. */
  readonly entry: string
  readonly host: string
  readonly port: number
  /** What is dialled; null for a socket directory, and for a name that has not been resolved yet. */
  readonly address: string | null
  readonly state: NodeState
  /** When `state` was entered. */
  readonly sinceMillis: number
  /** When the newest look or sign that counts was asked; null before the first. */
  readonly checkedAtMillis: number | null
  /** The last answer; kept through failures, so that what was known stays explainable. */
  readonly answer: ProbeAnswer | null
  /** The answer before that, where it was in the same role. */
  readonly earlier: ProbeAnswer | null
  /** The failure that holds now; null while the node answers. */
  readonly failure: NodeFailure | null
  /** Where the timeline of a primary comes from. */
  readonly history: KnownHistory | null
  /** Looks of the monitor in a row that found nobody there. */
  readonly misses: number
  /** Smoothed round trip of the looks (exponential, 0.2 for the newest). */
  readonly roundTripMillis: number | null
  /** What the network to it takes, as far as looks tell; null before the first. */
  readonly network: NetworkTime | null
}

export function unknownNode(
  place: Pick<NodeView, 'name' | 'entry' | 'host' | 'port' | 'address'>,
  nowMillis: number,
): NodeView {
  return Object.freeze({
    ...place,
    state: 'unknown' as const,
    sinceMillis: nowMillis,
    checkedAtMillis: null,
    answer: null,
    earlier: null,
    failure: null,
    history: null,
    misses: 0,
    roundTripMillis: null,
    network: null,
  })
}

/** Whether its name has not led anywhere yet: there is nothing to dial. */
export function isUnresolved({ host, address }: Pick<NodeView, 'host' | 'address'>): boolean {
  return address === null && needsLookup({ host })
}

/** Whether a look asked since then has come back, be it with a failure. */
export function wasHeard(node: NodeView, sinceMillis: number): boolean {
  return node.checkedAtMillis !== null && node.checkedAtMillis >= sinceMillis
}

/** Whether the node said, at its last look, that it is not in recovery. */
export function isClaimant(node: NodeView): boolean {
  return node.state === 'primary'
}

/** What is known of where its present timeline comes from; null: nothing yet, or it may not be seen. */
export function historyOf({ answer, history }: NodeView): TimelineHistory | null {
  const timeline = answer?.timeline ?? null
  const known = history !== null && history.timeline === timeline ? history.history : null
  return known ?? firstHistory(timeline)
}

/** Whether it can be asked for and was not: a primary's, once for each timeline. */
export function lacksHistory(node: NodeView): boolean {
  const timeline = node.answer?.timeline ?? null
  if (!isClaimant(node) || timeline === null || timeline === 1) return false
  return node.answer?.mayTrace === true && node.history?.timeline !== timeline
}

/** Whether it answered its last look, as one or the other. */
export function isUp(node: NodeView): boolean {
  return node.state === 'primary' || node.state === 'standby'
}
