// Decides on a single claimant: the primary, unless what is remembered, or the cluster manager, says that it was left behind.
import { findNode } from '../topology/cluster-view.ts'
import { isSameServer } from '../topology/servers.ts'
import type { ClaimantEvidence } from './evidence.ts'
import { decided, type Hearing, type Judgement, none, plain, primary } from './hearing.ts'
import { hasMajority, type KeptOut, keptOut, otherHistory } from './kept-out.ts'
import { managerNames } from './manager.ts'
import { blockingRival } from './rivals.ts'

export function judgeLone(hearing: Hearing, claimant: ClaimantEvidence): Judgement {
  const { node } = claimant
  const manager = managerWord(hearing, claimant)
  const held = keptOut(hearing, claimant) ?? otherHistory(hearing, claimant)
  if (held !== null) return judgeKeptOut(hearing, claimant, { held, manager })
  const waiting = newerFollowed(hearing, claimant) ?? waitsFor(hearing, claimant)
  if (waiting !== null && manager !== node) return waiting
  if (manager !== null && manager !== node) {
    const reason = `${node} says that it is the primary, but the cluster manager names ${manager}`
    return plain(hearing, none(hearing, { rule: 'managerElsewhere', reason, managerNames: manager }))
  }
  const reason = `${node} is the only node that says it is the primary`
  return plain(hearing, primary(hearing, { node, rule: 'onlyClaimant', reason, managerNames: manager }))
}

/** Only what was asked since the node has claimed, and lately: a lock is taken before a promotion begins. */
function managerWord({ view, policy, nowMillis }: Hearing, { sinceMillis }: ClaimantEvidence): string | null {
  return managerNames(view, Math.max(sinceMillis, nowMillis - policy.beliefMillis))
}

/** A standby that receives a newer timeline has it from a primary that this process does not see. */
function newerFollowed(hearing: Hearing, { node, timeline }: ClaimantEvidence): Judgement | null {
  const newer = hearing.standbys.find((standby) => {
    const isReceiving = findNode(hearing.view, standby.node)?.answer?.receiving === true
    return isReceiving && timeline !== null && standby.timeline !== null && standby.timeline > timeline
  })
  if (newer === undefined || hearing.policy.pinTimeline === timeline || decided(hearing) === node) return null
  const reason =
    `${node} says that it is the primary, on timeline ${timeline}, ` +
    `but ${newer.node} receives timeline ${newer.timeline} from another`
  return plain(hearing, none(hearing, { rule: 'newerFollowed', reason }))
}

/** Another one may be the primary still, and it will be known soon. */
function waitsFor(hearing: Hearing, claimant: ClaimantEvidence): Judgement | null {
  const { view, memory, policy } = hearing
  const rival = blockingRival(hearing, claimant)
  if (rival !== null) {
    const timeline = rival.timeline === null ? '' : ` on timeline ${rival.timeline}`
    const reason = `${rival.node} claimed to be the primary${timeline} and does not answer now`
    const verdict = none(hearing, { rule: 'rivalSilent', reason })
    return { ...plain(hearing, verdict), reviewAtMillis: rival.lastSeenMillis + policy.settleMillis }
  }
  const incumbent = memory.incumbent === null ? undefined : findNode(view, memory.incumbent)
  const isDoubted = incumbent?.state === 'unknown' && incumbent.answer?.role === 'primary'
  if (!isDoubted || incumbent.name === claimant.node) return null
  if (incumbent.answer !== null && isSameServer(incumbent.answer, claimant)) return null
  const reason = `${claimant.node} says that it is the primary; ${incumbent.name}, the last one, is being asked`
  return plain(hearing, none(hearing, { rule: 'incumbentDoubted', reason }))
}

/** Back in by the manager's word, by an operator's, or by most nodes, or the last primary, having followed it for a while. */
function judgeKeptOut(
  hearing: Hearing,
  claimant: ClaimantEvidence,
  { held, manager }: { held: KeptOut; manager: string | null },
): Judgement {
  const { memory, policy, nowMillis } = hearing
  const { node, timeline } = claimant
  const given = { before: [held.rule], managerNames: manager }
  const name = (rule: 'decide' | 'pinned' | 'manager' | 'rewound', why: string): Judgement => {
    const reason = `${held.reason}, but ${why}: writes acknowledged elsewhere may be gone`
    return plain(hearing, primary(hearing, { node, rule, reason, ...given }))
  }
  if (decided(hearing) === node) return name('decide', 'the application says that it is the primary')
  if (timeline !== null && timeline === policy.pinTimeline) return name('pinned', 'its timeline is pinned')
  if (manager === node) return name('manager', 'the cluster manager names it')
  const verdict = (reason: string) => none(hearing, { rule: held.rule, reason, stale: [node], ...given })
  const who = hasMajority(hearing, claimant)
    ? 'most nodes follow it'
    : isFollowedByTheLast(hearing, claimant)
      ? `${memory.incumbent}, the last primary, follows it`
      : null
  if (manager !== null || who === null) {
    return { ...plain(hearing, verdict(held.reason)), memory: { ...memory, rewinding: null } }
  }
  // Followers vote late: only when they have stayed for the settling time has the cluster really gone back.
  const since = memory.rewinding?.node === node ? memory.rewinding.sinceMillis : nowMillis
  const reviewAtMillis = since + policy.settleMillis
  if (nowMillis >= reviewAtMillis) return name('rewound', who)
  return {
    verdict: verdict(`${held.reason}; ${who}, which must last`),
    memory: { ...memory, rewinding: Object.freeze({ node, sinceMillis: since }) },
    reviewAtMillis,
  }
}

/** Then nobody is left on the other side: the one that claimed there has given up its own history for this one. */
function isFollowedByTheLast({ memory, standbys }: Hearing, { node }: ClaimantEvidence): boolean {
  return standbys.some(({ node: standby, follows }) => standby === memory.incumbent && follows === node)
}
