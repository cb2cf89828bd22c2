// One case before the judge, the shape of his answer, and how a verdict is written. Holds no rule of who wins.
import type { SplitBrainPolicy, WriteQuorum } from '../config/settings.ts'
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import type { ClaimantEvidence } from './evidence.ts'
import type { Memory } from './memory.ts'
import type { DualPrimary, NoPrimary, OnePrimary, Verdict } from './verdict.ts'

export interface Policy {
  readonly splitBrain: SplitBrainPolicy
  readonly writeQuorum: WriteQuorum
  /** How long the first decision waits for nodes that have not been heard. */
  readonly startupGraceMillis: number
  /** How long followers must stay where they are before they outvote a newer timeline. */
  readonly settleMillis: number
  /** How old the newest look may be before everything believed has to be seen anew. */
  readonly beliefMillis: number
}

export interface Judgement {
  readonly verdict: Verdict
  readonly memory: Memory
  /** When to judge again although nothing new was seen; null when only news can change the verdict. */
  readonly reviewAtMillis: number | null
}

/** Everything that the rules read. */
export interface Hearing {
  readonly view: ClusterView
  readonly memory: Memory
  readonly policy: Policy
  readonly nowMillis: number
  /** The claimants of our own cluster, in list order. */
  readonly claimants: readonly ClaimantEvidence[]
  readonly foreign: readonly string[]
}

/** A verdict that leaves the memory as it is and waits for news. */
export function plain(hearing: Hearing, verdict: Verdict): Judgement {
  return { verdict, memory: hearing.memory, reviewAtMillis: null }
}

export function none(
  hearing: Hearing,
  { rule, reason, stale = [] }: Pick<NoPrimary, 'rule' | 'reason'> & Partial<Pick<NoPrimary, 'stale'>>,
): NoPrimary {
  const { claimants, foreign } = hearing
  return Object.freeze({
    kind: 'none',
    rule,
    reason,
    stale: Object.freeze([...stale]),
    foreign,
    evidence: claimants,
  })
}

/** Names one claimant; every other claimant is stale. */
export function primary(
  hearing: Hearing,
  { node, rule, reason }: Pick<OnePrimary, 'node' | 'rule' | 'reason'>,
): OnePrimary {
  const { claimants, foreign } = hearing
  const stale = claimants.filter((claimant) => claimant.node !== node).map((claimant) => claimant.node)
  return Object.freeze({
    kind: 'primary',
    node,
    rule,
    reason,
    stale: Object.freeze(stale),
    foreign,
    evidence: claimants,
  })
}

/** A contest between some of the claimants; the others have lost already. */
export function dual(
  hearing: Hearing,
  contenders: readonly ClaimantEvidence[],
  { rule, reason }: Pick<DualPrimary, 'rule' | 'reason'>,
): DualPrimary {
  const { claimants, foreign } = hearing
  const lost = claimants.filter((claimant) => !contenders.includes(claimant))
  return Object.freeze({
    kind: 'dualPrimary',
    claimants: Object.freeze(contenders.map((claimant) => claimant.node)),
    rule,
    reason,
    stale: Object.freeze(lost.map((claimant) => claimant.node)),
    foreign,
    evidence: claimants,
  })
}

/**
 * One claimant without judging, never two: the one already written to, else the first of the list; one that takes writes
 * before any that refuses them.
 */
export function stable({ view, memory }: Hearing, claimants: readonly ClaimantEvidence[]): string {
  const open = claimants.filter(({ node }) => findNode(view, node)?.answer?.readOnly === false)
  const preferred = open.length > 0 ? open : claimants
  const kept = preferred.find(({ node }) => node === memory.incumbent) ?? preferred[0]
  if (kept === undefined) throw new Error('A claimant was expected')
  return kept.node
}
