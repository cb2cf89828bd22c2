// What must be so where a rule gives the verdict, after docs/split-brain.md, for worlds of three nodes without histories, a
// manager or an operator. A rule that is not here may not give a verdict in them.
import type { ClusterState } from '../../../src/failover/cluster-state.ts'
import type { ClaimantEvidence } from '../../../src/split-brain/evidence.ts'
import type { Memory } from '../../../src/split-brain/memory.ts'
import type { RuleName } from '../../../src/split-brain/rules.ts'
import { writableNode } from '../../../src/split-brain/verdict.ts'
import { findNode } from '../../../src/topology/cluster-view.ts'
import { LOOKS_MILLIS } from './voting-world.ts'

export const WHEN: Partial<Record<RuleName, (seen: Seen) => boolean>> = {
  othersUnheard: ({ claimants, before, hasMost }) =>
    claimants.length === 1 && !before.started && !claimants.some(hasMost),
  noClaimant: ({ claimants }) => claimants.length === 0,
  newerFollowed: ({ claimants, isNewerReceived, isOut }) =>
    claimants.length === 1 && isNewerReceived && !claimants.some(isOut),
  belowHighWater: ({ claimants, isBelow }) => claimants.length > 0 && claimants.every(isBelow),
  fenced: ({ claimants, isOut }) => claimants.length > 0 && claimants.every(isOut),
  rewound: ({ named, isOut, hasMost, isFollowedByTheLast, hasSettled }) =>
    isOut(named) && (hasMost(named) || isFollowedByTheLast) && hasSettled,
  onlyClaimant: ({ claimants, named, isOut, isNewerReceived }) =>
    claimants.length === 1 && !isOut(named) && !isNewerReceived,
  unconfirmed: ({ claimants, isAskedAgain }) => claimants.length > 1 && !claimants.every(isAskedAgain),
  followers: ({ named, claimants, rivals, isOut, isLeading, isAhead, isAskedAgain }) =>
    isLeading(named) &&
    (!isOut(named) || isAhead(named)) &&
    isAskedAgain(named) &&
    claimants.filter((each) => !isOut(each)).every(isAskedAgain) &&
    !rivals.some((rival) => !isOut(rival) && isNewer(rival, named)),
  settling: ({ claimants, isLeading, isAskedAgain }) => {
    const leader = claimants.find(isLeading)
    return claimants.length > 1 && leader !== undefined && isAskedAgain(leader)
  },
  settledFollowers: ({ named, isLeading, hasMost, hasSettled, isAskedAgain }) =>
    isLeading(named) && hasMost(named) && hasSettled && isAskedAgain(named),
  highWater: ({ named, rivals, isOut, isBelow }) =>
    rivals.length > 0 && !isOut(named) && rivals.every(isBelow),
  othersFenced: ({ named, rivals, isOut }) => rivals.length > 0 && !isOut(named) && rivals.every(isOut),
  undecided: ({ claimants, isLeading, hasMost, isOut, isAskedAgain }) =>
    claimants.filter((each) => !isOut(each)).length > 1 &&
    claimants.filter((each) => !isOut(each)).every(isAskedAgain) &&
    !claimants.some((each) => isLeading(each) && hasMost(each)),
  noQuorum: ({ agreeing }) => agreeing < 2,
}

export type Seen = ReturnType<typeof seenBy>

export function seenBy(before: Memory, state: ClusterState) {
  const { verdict, memory, judgedAtMillis } = state
  const claimants = verdict.evidence
  const name = writableNode(verdict)
  const named = claimants.find(({ node }) => node === name) as ClaimantEvidence
  const cast = claimants.reduce((sum, { support }) => sum + support, 0)
  const sinceMillis = memory.contest?.sinceMillis ?? 0
  const isBelow = ({ timeline }: ClaimantEvidence): boolean => isAbove(before.highWaterTimeline, timeline)
  const fenceOn = ({ node }: ClaimantEvidence) => before.fences.find((fence) => fence.node === node)
  return {
    ...{ before, claimants, named, isBelow },
    hasSettled: judgedAtMillis === LOOKS_MILLIS[2],
    rivals: claimants.filter((claimant) => claimant !== named),
    isOut: (claimant: ClaimantEvidence) => isBelow(claimant) || fenceOn(claimant) !== undefined,
    /** Followers that came late to a newer timeline than the one it had lost to. */
    isAhead: (claimant: ClaimantEvidence) =>
      !isBelow(claimant) && isAbove(claimant.timeline, fenceOn(claimant)?.winnerTimeline ?? null),
    isLeading: ({ support }: ClaimantEvidence) => support * 2 > cast,
    hasMost: ({ support }: ClaimantEvidence) => support >= 1,
    isAskedAgain: ({ askedAtMillis }: ClaimantEvidence) => askedAtMillis > sinceMillis,
    isFollowedByTheLast: verdict.standbys.some(
      ({ node, follows }) => node === before.incumbent && follows === name,
    ),
    isNewerReceived: verdict.standbys.some(({ timeline }) =>
      claimants.some((claimant) => isAbove(timeline, claimant.timeline)),
    ),
    agreeing: agreeingIn(state),
  }
}

/** Those that are up, but for standbys of one that is not. */
function agreeingIn({ view }: ClusterState): number {
  const isUp = (node: string): boolean =>
    ['primary', 'standby'].includes(findNode(view, node)?.state ?? 'unknown')
  return view.nodes.filter(({ name, answer }) => {
    const upstream = answer?.upstream ?? null
    return isUp(name) && (upstream === null || isUp(`${upstream.host}:${upstream.port}`))
  }).length
}

function isNewer(rival: ClaimantEvidence, named: ClaimantEvidence): boolean {
  return isAbove(rival.timeline, named.timeline)
}

function isAbove(one: number | null, other: number | null): boolean {
  return one !== null && other !== null && one > other
}
