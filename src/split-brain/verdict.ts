// Who may take writes, and why: the judge's closed answer. Knows nothing of how it was reached.
import type { ClaimantEvidence, StandbyEvidence } from './evidence.ts'
import type { RuleName } from './rules.ts'

interface VerdictGrounds {
  /** One sentence for people: what was seen and what follows. */
  readonly reason: string
  /** Every rule that had a part in it, the one that gave the verdict last. */
  readonly rules: readonly RuleName[]
  /** Claimants that lost: they are not written to, nor read from. */
  readonly stale: readonly string[]
  /** Nodes of another cluster: never used. */
  readonly foreign: readonly string[]
  /** What each claimant can show. */
  readonly evidence: readonly ClaimantEvidence[]
  /** Whom each standby follows. */
  readonly standbys: readonly StandbyEvidence[]
  /** The node that the cluster manager's fresh word names; null: none, or nobody was asked. */
  readonly managerNames: string | null
}

/** No node may be written to, and no two dispute it. */
export interface NoPrimary extends VerdictGrounds {
  readonly kind: 'none'
  readonly rule:
    | 'starting'
    | 'noClaimant'
    | 'incumbentDoubted'
    | 'rivalSilent'
    | 'othersUnheard'
    | 'newerFollowed'
    | 'managerElsewhere'
    | 'belowHighWater'
    | 'otherHistory'
    | 'tracing'
    | 'fenced'
    | 'noQuorum'
}

/** Exactly one node may be written to. */
export interface OnePrimary extends VerdictGrounds {
  readonly kind: 'primary'
  readonly node: string
  readonly rule:
    | 'onlyClaimant'
    | 'rewound'
    | 'decide'
    | 'pinned'
    | 'manager'
    | 'followers'
    | 'settledFollowers'
    | 'highWater'
    | 'othersFenced'
    | 'policyWarn'
    | 'policyOff'
}

/** Two or more nodes claim to be the primary and nothing decides between them yet: nobody is written to. */
export interface DualPrimary extends VerdictGrounds {
  readonly kind: 'dualPrimary'
  readonly claimants: readonly string[]
  readonly rule: 'unconfirmed' | 'managerElsewhere' | 'settling' | 'undecided' | 'twoSystems'
}

export type Verdict = NoPrimary | OnePrimary | DualPrimary

/** The node that may be written to, or null. */
export function writableNode(verdict: Verdict): string | null {
  return verdict.kind === 'primary' ? verdict.node : null
}

/** Whether a node was found to be the primary; a choice made by policy is no finding. */
export function isFound(verdict: Verdict): verdict is OnePrimary {
  return verdict.kind === 'primary' && verdict.rule !== 'policyWarn' && verdict.rule !== 'policyOff'
}

/** Whether two primaries are a fact, decided between or not. */
export function isSplit(verdict: Verdict): boolean {
  switch (verdict.kind) {
    case 'primary':
      return verdict.stale.length > 0
    case 'dualPrimary':
      return verdict.rule !== 'unconfirmed'
    case 'none':
      return verdict.rule !== 'starting' && verdict.evidence.length > 1
  }
}
