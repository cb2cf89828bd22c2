// One case before the judge, the shape of his answer, and how a verdict is written. Holds no rule of who wins.
import type { SplitBrainPolicy, WriteQuorum } from '../config/settings.ts'
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import type { ClaimantEvidence, StandbyEvidence } from './evidence.ts'
import type { Memory } from './memory.ts'
import type { RuleName } from './rules.ts'
import type { DualPrimary, NoPrimary, OnePrimary, Verdict } from './verdict.ts'

/** Asked about claimants that are in dispute or kept out: the name of the one that is the primary, or nothing. */
export type Decide = (claimants: readonly ClaimantEvidence[]) => string | null | undefined

export interface Policy {
  readonly splitBrain: SplitBrainPolicy
  readonly writeQuorum: WriteQuorum
  /** How long the first decision waits for nodes that have not been heard. */
  readonly startupGraceMillis: number
  /** How long after the first use a claimant that most do not follow waits for nodes that have not been heard. */
  readonly firstLookMillis: number
  /** How long followers must stay where they are before they outvote a newer timeline. */
  readonly settleMillis: number
  /** How old the newest look may be before everything believed has to be seen anew. */
  readonly beliefMillis: number
  /** An operator's word: the true history is the one of this timeline. */
  readonly pinTimeline?: number | undefined
  readonly decide?: Decide | undefined
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
  /** The claimants of our own cluster, in list order, one for each server. */
  readonly claimants: readonly ClaimantEvidence[]
  readonly standbys: readonly StandbyEvidence[]
  readonly foreign: readonly string[]
}

/** What a rule says: its name is the last of `rules`, after those that led to it. */
interface Grounds<Rule extends RuleName> {
  readonly rule: Rule
  readonly reason: string
  readonly before?: readonly RuleName[]
  readonly managerNames?: string | null
}

/** A verdict that leaves the memory as it is and waits for news. */
export function plain(hearing: Hearing, verdict: Verdict): Judgement {
  return { verdict, memory: hearing.memory, reviewAtMillis: null }
}

function grounds<Rule extends RuleName>(
  { claimants, standbys, foreign }: Hearing,
  { rule, reason, before = [], managerNames = null }: Grounds<Rule>,
  stale: readonly string[],
) {
  return {
    rule,
    reason,
    rules: Object.freeze([...before.filter((each) => each !== rule), rule]),
    stale: Object.freeze([...stale]),
    foreign,
    evidence: claimants,
    standbys,
    managerNames,
  }
}

export function none(
  hearing: Hearing,
  { stale = [], ...given }: Grounds<NoPrimary['rule']> & { readonly stale?: readonly string[] },
): NoPrimary {
  return Object.freeze({ kind: 'none', ...grounds(hearing, given, stale) })
}

/** Names one claimant; every other claimant is stale. */
export function primary(
  hearing: Hearing,
  { node, ...given }: Grounds<OnePrimary['rule']> & { readonly node: string },
): OnePrimary {
  const stale = hearing.claimants.filter((claimant) => claimant.node !== node).map((each) => each.node)
  return Object.freeze({ kind: 'primary', node, ...grounds(hearing, given, stale) })
}

/** A contest between some of the claimants; the others have lost already. */
export function dual(
  hearing: Hearing,
  contenders: readonly ClaimantEvidence[],
  given: Grounds<DualPrimary['rule']>,
): DualPrimary {
  const lost = hearing.claimants.filter((claimant) => !contenders.includes(claimant))
  return Object.freeze({
    kind: 'dualPrimary',
    claimants: Object.freeze(contenders.map((claimant) => claimant.node)),
    ...grounds(
      hearing,
      given,
      lost.map((claimant) => claimant.node),
    ),
  })
}

/**
 * One claimant without judging, never two: the one already written to, else the first of the list; one that takes writes
 * before any that refuses them or cannot finish them.
 */
export function stable({ view, memory }: Hearing, claimants: readonly ClaimantEvidence[]): string {
  const open = claimants.filter(
    ({ node, canCommit }) => canCommit !== false && findNode(view, node)?.answer?.readOnly === false,
  )
  const preferred = open.length > 0 ? open : claimants
  const kept = preferred.find(({ node }) => node === memory.incumbent) ?? preferred[0]
  if (kept === undefined) throw new Error('A claimant was expected')
  return kept.node
}

/** What the callback of the application says, as far as it names one of them. One that throws has said nothing. */
export function decided({ policy, claimants }: Hearing): string | null {
  if (policy.decide === undefined) return null
  try {
    const answer = policy.decide(claimants)
    return claimants.find(({ node }) => node === answer)?.node ?? null
  } catch {
    return null
  }
}
