// Why a claimant is kept out by what is remembered, and how one that most nodes follow comes back all the same.
import { findNode } from '../topology/cluster-view.ts'
import { lacksHistory } from '../topology/node-view.ts'
import { expectedServers } from '../topology/servers.ts'
import { kinship } from '../topology/timeline-history.ts'
import type { ClaimantEvidence } from './evidence.ts'
import { fenceOf } from './fences.ts'
import type { Hearing } from './hearing.ts'

export interface KeptOut {
  readonly rule: 'belowHighWater' | 'fenced' | 'otherHistory' | 'tracing'
  readonly reason: string
}

/**
 * By what every process that has seen the same would say: a lower timeline than that of the last primary, or a contest that
 * was lost. A process must not keep one out for its own habits, or two of them would write to two sides.
 */
export function keptOut({ memory, policy }: Hearing, claimant: ClaimantEvidence): KeptOut | null {
  const { node, timeline } = claimant
  const { pinTimeline: pin } = policy
  if (pin !== undefined && timeline === pin) return null
  if (pin !== undefined && timeline !== null && timeline < pin) {
    return {
      rule: 'belowHighWater',
      reason: `${node} is on timeline ${timeline}, below ${pin}, which is pinned`,
    }
  }
  const { highWaterTimeline: highWater, fences, incumbentServer } = memory
  if (timeline !== null && highWater !== null && timeline < highWater) {
    const reason = `${node} is on timeline ${timeline}, below ${highWater} seen before`
    return { rule: 'belowHighWater', reason }
  }
  const fence = fenceOf(fences, claimant, incumbentServer)
  if (fence === null) return null
  return { rule: 'fenced', reason: `${node} has lost to ${fence.winner} and has not been its standby since` }
}

/** A lone claimant under the number of the last primary may still be another history. */
export function otherHistory({ view, memory }: Hearing, claimant: ClaimantEvidence): KeptOut | null {
  const { highWaterHistory: known, incumbent } = memory
  if (known === null || claimant.node === incumbent || claimant.timeline === null) return null
  if (claimant.timeline !== known.timeline) return null
  if (claimant.history === null) {
    const node = findNode(view, claimant.node)
    if (node === undefined || !lacksHistory(node)) return null
    const reason = `${claimant.node} is on timeline ${known.timeline} like ${incumbent}; its history is being read`
    return { rule: 'tracing', reason }
  }
  if (kinship(claimant.history, known) === 'same') return null
  const reason = `${claimant.node} has another timeline ${known.timeline} than ${incumbent} had`
  return { rule: 'otherHistory', reason }
}

/** Whether the claimant and those who follow it are more than half of the servers listed. */
export function hasMajority({ view }: Hearing, { support }: ClaimantEvidence): boolean {
  return (support + 1) * 2 > expectedServers(view)
}
