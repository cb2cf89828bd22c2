// Claimants that fell silent in the middle of an undecided contest. They may still be alive for others, so the one that
// is left does not win by default; but the wait for them is bounded.
import { findNode } from '../topology/cluster-view.ts'
import type { ClaimantEvidence } from './evidence.ts'
import type { Hearing } from './hearing.ts'
import type { AbsentRival } from './memory.ts'
import type { Verdict } from './verdict.ts'

/** The silent rival that keeps a lone claimant waiting: one whose history is as new as its own, or newer. */
export function blockingRival(hearing: Hearing, claimant: ClaimantEvidence): AbsentRival | null {
  const { timeline } = claimant
  if (timeline === null) return null
  return (
    liveRivals(hearing).find((rival) => rival.node !== claimant.node && rival.timeline >= timeline) ?? null
  )
}

/** The rivals to remember after a verdict: the claimants of a contest that it left open, and those still missed. */
export function rivalsAfter(hearing: Hearing, verdict: Verdict): readonly AbsentRival[] {
  if (verdict.kind === 'primary') return Object.freeze([])
  const missed = liveRivals(hearing)
  if (verdict.kind !== 'dualPrimary') return Object.freeze(missed)
  const present = hearing.claimants.flatMap((claimant) =>
    claimant.timeline === null
      ? []
      : [{ node: claimant.node, timeline: claimant.timeline, lastSeenMillis: hearing.nowMillis }],
  )
  const names = new Set(present.map((rival) => rival.node))
  return Object.freeze([...present, ...missed.filter((rival) => !names.has(rival.node))])
}

function liveRivals({ memory, policy, view, nowMillis }: Hearing): readonly AbsentRival[] {
  return memory.rivals.filter((rival) => {
    if (nowMillis >= rival.lastSeenMillis + policy.settleMillis) return false
    const node = findNode(view, rival.node)
    if (node === undefined) return false
    // Refused, starting or a standby: it was heard and takes no writes. Silence and doubt prove nothing.
    const doubtful =
      node.state === 'unknown' || (node.state === 'unreachable' && node.failure?.sign !== 'refused')
    return doubtful || node.state === 'primary'
  })
}
