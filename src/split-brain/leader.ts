// Who of several claimants has the most followers, since when, and whether a newer history speaks against it.
import { kinship } from '../topology/timeline-history.ts'
import type { ClaimantEvidence } from './evidence.ts'
import type { Hearing } from './hearing.ts'
import type { Contest } from './memory.ts'

/** Who has more followers than all others together, or null. */
export function findLeader(claimants: readonly ClaimantEvidence[]): ClaimantEvidence | null {
  const cast = claimants.reduce((sum, { support }) => sum + support, 0)
  return claimants.find(({ support }) => support * 2 > cast) ?? null
}

/**
 * A newer timeline makes followers wait. Not one whose history is known to have left the leader's before: nothing promoted
 * it in the leader's place.
 */
export function hasNewerRival(leader: ClaimantEvidence, claimants: readonly ClaimantEvidence[]): boolean {
  return claimants.some(({ timeline, history }) => {
    if (timeline === null || leader.timeline === null || timeline <= leader.timeline) return false
    if (history === null || leader.history === null) return true
    return kinship(history, leader.history) === 'newer'
  })
}

/** The contest of these claimants: the one that goes on, or a new one. */
export function nextContest({ claimants, memory, nowMillis }: Hearing): Contest {
  const names = claimants.map((claimant) => claimant.node)
  const before = memory.contest
  const same = before !== null && before.claimants.join() === names.join()
  const leader = findLeader(claimants)?.node ?? null
  return Object.freeze({
    claimants: Object.freeze(names),
    sinceMillis: same ? before.sinceMillis : nowMillis,
    leader,
    leaderSinceMillis: same && before.leader === leader ? before.leaderSinceMillis : nowMillis,
  })
}
