// Claimants that fell silent in an open contest. They may still be alive for others, so the one that is left does not win by
// default; but the wait for them is bounded.
import { assertNever } from '../topology/assert-never.ts'
import { findNode } from '../topology/cluster-view.ts'
import type { ClaimantEvidence } from './evidence.ts'
import type { Hearing } from './hearing.ts'
import type { AbsentRival } from './memory.ts'
import type { Verdict } from './verdict.ts'

/**
 * The silent rival that keeps a lone claimant waiting: one whose history is as new as its own or newer, and any that is only
 * doubted, for its next look is on its way.
 */
export function blockingRival(hearing: Hearing, claimant: ClaimantEvidence): AbsentRival | null {
  const others = liveRivals(hearing).filter((rival) => rival.node !== claimant.node)
  return others.find((rival) => blocks(hearing, rival, claimant)) ?? null
}

function blocks({ view }: Hearing, rival: AbsentRival, { timeline }: ClaimantEvidence): boolean {
  if (findNode(view, rival.node)?.state === 'unknown') return true
  return rival.timeline !== null && timeline !== null && rival.timeline >= timeline
}

/** The rivals to remember after a verdict: those in an open contest, and those of one that are still missed. */
export function rivalsAfter(hearing: Hearing, verdict: Verdict): readonly AbsentRival[] {
  switch (verdict.kind) {
    case 'none':
      return Object.freeze(liveRivals(hearing))
    case 'primary':
      return Object.freeze([])
    case 'dualPrimary': {
      const present = hearing.claimants
        .filter((claimant) => verdict.claimants.includes(claimant.node))
        .map((claimant) => rivalFrom(hearing, claimant))
      const names = new Set(present.map((rival) => rival.node))
      const missed = liveRivals(hearing).filter((rival) => !names.has(rival.node))
      return Object.freeze([...present, ...missed])
    }
    default:
      return assertNever(verdict)
  }
}

function rivalFrom({ nowMillis }: Hearing, { node, timeline }: ClaimantEvidence): AbsentRival {
  return Object.freeze({ node, timeline, lastSeenMillis: nowMillis })
}

function liveRivals({ memory, policy, view, nowMillis, foreign }: Hearing): readonly AbsentRival[] {
  return memory.rivals.filter((rival) => {
    if (nowMillis >= rival.lastSeenMillis + policy.settleMillis) return false
    const node = findNode(view, rival.node)
    if (node === undefined || foreign.includes(rival.node)) return false
    // Refused, starting or a standby: it was heard and takes no writes. Silence and doubt prove nothing.
    const doubtful =
      node.state === 'unknown' || (node.state === 'unreachable' && node.failure?.sign !== 'refused')
    return doubtful || node.state === 'primary'
  })
}
