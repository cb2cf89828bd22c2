// Who may take writes, and why: the judge's closed answer. Knows nothing of how it was reached.
import type { ClaimantEvidence } from './evidence.ts'

interface VerdictGrounds {
  /** One sentence for people: what was seen and what follows. */
  readonly reason: string
  /** Claimants that lost: they are not written to, nor read from. */
  readonly stale: readonly string[]
  /** Nodes of another cluster: never used. */
  readonly foreign: readonly string[]
  readonly evidence: readonly ClaimantEvidence[]
}

/** No node may be written to, and no two dispute it. */
export interface NoPrimary extends VerdictGrounds {
  readonly kind: 'none'
  readonly rule: 'starting' | 'noClaimant' | 'belowHighWater' | 'rivalSilent' | 'noQuorum'
}

/** Exactly one node may be written to. */
export interface OnePrimary extends VerdictGrounds {
  readonly kind: 'primary'
  readonly node: string
  readonly rule:
    | 'onlyClaimant'
    | 'highWater'
    | 'followers'
    | 'settledFollowers'
    | 'decidedBefore'
    | 'rewound'
    | 'policyWarn'
    | 'policyOff'
}

/** Two or more nodes claim to be the primary and nothing decides between them yet: nobody is written to. */
export interface DualPrimary extends VerdictGrounds {
  readonly kind: 'dualPrimary'
  readonly claimants: readonly string[]
  readonly rule: 'unconfirmed' | 'settling' | 'undecided' | 'twoSystems'
}

export type Verdict = NoPrimary | OnePrimary | DualPrimary

/** The node that may be written to, or null. */
export function writableNode(verdict: Verdict): string | null {
  return verdict.kind === 'primary' ? verdict.node : null
}

/** Whether two primaries are a fact, decided between or not. */
export function isSplit(verdict: Verdict): boolean {
  switch (verdict.kind) {
    case 'primary':
      return verdict.stale.length > 0
    case 'dualPrimary':
      return verdict.rule !== 'unconfirmed'
    case 'none':
      return false
  }
}
