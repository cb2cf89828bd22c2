// Decides between several claimants of one cluster, or says that it cannot. What decides is evidence that every process can
// see alike; what this process remembers only breaks a tie, and always towards the newer timeline.
import type { ClaimantEvidence } from './evidence.ts'
import { ownSystem } from './evidence.ts'
import { decided, dual, type Hearing, type Judgement, none, primary, stable } from './hearing.ts'
import { hasMajority, type KeptOut, keptOut } from './kept-out.ts'
import { findLeader, hasNewerRival, nextContest } from './leader.ts'
import { managerNames } from './manager.ts'
import type { Contest } from './memory.ts'
import type { RuleName } from './rules.ts'
import type { DualPrimary, OnePrimary, Verdict } from './verdict.ts'

/** A hearing of several claimants, and what follows from it alone. */
interface Case {
  readonly hearing: Hearing
  readonly contest: Contest
  /** Those that nothing remembered speaks against. */
  readonly contenders: readonly ClaimantEvidence[]
  readonly out: readonly KeptOut[]
  readonly leader: ClaimantEvidence | null
  /** The claimant, or other node, that the manager has named since the contest began. */
  readonly manager: string | null
}

export function judgeContest(hearing: Hearing): Judgement {
  const given = open(hearing)
  const { contenders, out, leader } = given
  const [only, another] = contenders
  const isContradicted = only !== undefined && contradicts(given, only)
  if (another === undefined && !isContradicted && only !== undefined) return nameLast(given, only)
  if (!isConfirmed(given)) {
    if (another === undefined && only === undefined && !canReturn(given)) return nobody(given)
    const disputed = another === undefined ? hearing.claimants : contenders
    const reason = `${names(disputed)} say they are the primary; each is asked once more`
    return rule(given, dual(hearing, disputed, { rule: 'unconfirmed', reason, ...background(given) }))
  }
  const judgement = byWord(given) ?? bySystem(given) ?? byManager(given)
  if (judgement !== null) return judgement
  if (leader !== null && mayLead(given, leader)) return byFollowers(given, leader)
  if (only === undefined) return nobody(given)
  if (another === undefined) return nameLast(given, only)
  const why = out.length === 0 ? '' : ` (${out.map(({ reason }) => reason).join('; ')})`
  const reason = `${names(contenders)} all say they are the primary, and no majority of followers decides${why}`
  return undecided(given, contenders, { rule: 'undecided', reason })
}

function open(hearing: Hearing): Case {
  const judged = hearing.claimants.map((claimant) => ({ claimant, held: keptOut(hearing, claimant) }))
  const contest = nextContest(hearing)
  const { view, policy, nowMillis } = hearing
  // What was asked before they were seen together may be of another time.
  const sinceMillis = Math.max(contest.sinceMillis + 1, nowMillis - policy.beliefMillis)
  return {
    hearing,
    contest,
    contenders: judged.filter(({ held }) => held === null).map(({ claimant }) => claimant),
    out: judged.flatMap(({ held }) => held ?? []),
    leader: findLeader(hearing.claimants),
    manager: managerNames(view, sinceMillis),
  }
}

/** Whether something speaks against the last one left by memory: then it is asked like the others. */
function contradicts(given: Case, only: ClaimantEvidence): boolean {
  const { hearing, leader, manager } = given
  if (manager !== null && manager !== only.node) return true
  if (leader !== null && leader !== only && mayLead(given, leader)) return true
  const { decide, pinTimeline } = hearing.policy
  const hasOpinion = decide !== undefined || (pinTimeline !== undefined && only.timeline !== pinTimeline)
  return hasOpinion && isConfirmed(given)
}

/** Whether one of those kept out could be let in: the manager, an operator or a majority may speak for it. */
function canReturn({ hearing, leader, manager }: Case): boolean {
  const { decide, pinTimeline } = hearing.policy
  if (decide !== undefined || pinTimeline !== undefined || manager !== null) return true
  return leader !== null && hasMajority(hearing, leader)
}

/** Two looks at different instants may be a clean switchover: every claimant must say it again after it was doubted. */
function isConfirmed({ hearing, contest, contenders, leader }: Case): boolean {
  const disputed =
    contenders.length > 1 ? [...contenders, ...(leader === null ? [] : [leader])] : hearing.claimants
  return disputed.every((claimant) => claimant.askedAtMillis > contest.sinceMillis)
}

/** The application's callback, then the operator's pin. */
function byWord(given: Case): Judgement | null {
  const { hearing } = given
  const { policy, claimants } = hearing
  const chosen = decided(hearing)
  if (chosen !== null) {
    const reason = `The application says that ${chosen} is the primary`
    return name(given, { node: chosen, rule: 'decide', reason })
  }
  const [pinned, second] = claimants.filter(
    ({ timeline }) => timeline !== null && timeline === policy.pinTimeline,
  )
  if (pinned === undefined || second !== undefined) return null
  const reason = `${pinned.node} is on timeline ${policy.pinTimeline}, which is pinned`
  return name(given, { node: pinned.node, rule: 'pinned', reason })
}

function bySystem(given: Case): Judgement | null {
  const { hearing, contenders } = given
  const systems = new Set(contenders.map((claimant) => claimant.systemIdentifier))
  const isOursKnown = ownSystem(hearing.view, hearing.memory.systemIdentifier) !== null
  if (isOursKnown || systems.size < 2) return null
  const reason = `${names(contenders)} belong to different clusters, and nothing says which one is meant`
  return rule(given, dual(hearing, contenders, { rule: 'twoSystems', reason, ...background(given) }))
}

function byManager(given: Case): Judgement | null {
  const { hearing, manager } = given
  if (manager === null) return null
  const { claimants } = hearing
  if (claimants.some(({ node }) => node === manager)) {
    const reason = `The cluster manager names ${manager}`
    return name(given, { node: manager, rule: 'manager', reason })
  }
  const reason = `${names(claimants)} say they are the primary, but the cluster manager names ${manager}`
  return undecided(given, claimants, { rule: 'managerElsewhere', reason })
}

/**
 * Whether its followers may make it the primary, at once or in time: of the servers listed it has most behind it, or no newer
 * history speaks against it. One that knows nothing of the past would follow them, so nobody may go on writing to another.
 */
function mayLead({ hearing, contenders }: Case, leader: ClaimantEvidence): boolean {
  if (hasMajority(hearing, leader)) return true
  return contenders.length > 0 && !hasNewerRival(leader, hearing.claimants)
}

/** Whether followers alone are not enough yet: a newer timeline, or what is remembered, speaks against the leader. */
function isOpposed({ hearing, contenders }: Case, leader: ClaimantEvidence): boolean {
  return opposition(hearing, leader) !== null || hasNewerRival(leader, contenders)
}

/** Followers that came late to a newer timeline go on at once: only a way back has to last. */
function opposition(hearing: Hearing, leader: ClaimantEvidence): KeptOut | null {
  const held = keptOut(hearing, leader)
  const winnerTimeline =
    hearing.memory.fences.find(({ node }) => node === leader.node)?.winnerTimeline ?? null
  const isAhead = winnerTimeline !== null && leader.timeline !== null && leader.timeline > winnerTimeline
  return held?.rule === 'fenced' && isAhead ? null : held
}

function byFollowers(given: Case, leader: ClaimantEvidence): Judgement {
  const { hearing, contenders, contest } = given
  const { policy, nowMillis, claimants } = hearing
  const tally = claimants.map((claimant) => `${claimant.node} ${claimant.support}`).join(', ')
  if (!isOpposed(given, leader)) {
    const reason = `${leader.node} has the majority of the followers (${tally})`
    return name(given, { node: leader.node, rule: 'followers', reason })
  }
  const held = opposition(hearing, leader)
  const against = held?.reason ?? 'a newer timeline appeared'
  const settledAtMillis = contest.leaderSinceMillis + policy.settleMillis
  if (nowMillis >= settledAtMillis) {
    const reason = `The followers stayed with ${leader.node} (${tally}) although ${against}`
    return name(given, { node: leader.node, rule: 'settledFollowers', reason })
  }
  const disputed = held === null ? contenders : claimants
  const reason =
    held === null
      ? `A newer timeline has appeared and the followers have not moved yet (${tally})`
      : `${held.reason}, but the followers are with it (${tally}), which must last`
  const judgement = undecided(given, disputed, { rule: 'settling', reason })
  return { ...judgement, reviewAtMillis: settledAtMillis }
}

/** All the others are kept out by what is remembered. */
function nameLast(given: Case, only: ClaimantEvidence): Judgement {
  const { hearing, out } = given
  const { highWaterTimeline } = hearing.memory
  const isBelow = out.every((held) => held.rule === 'belowHighWater')
  const reason = isBelow
    ? `${only.node} alone has reached timeline ${highWaterTimeline}, which was seen before`
    : out.map((held) => held.reason).join('; ')
  return name(given, { node: only.node, rule: isBelow ? 'highWater' : 'othersFenced', reason })
}

function nobody(given: Case): Judgement {
  const { hearing, out } = given
  const stale = hearing.claimants.map(({ node }) => node)
  const isBelow = out.every((held) => held.rule === 'belowHighWater')
  const reason = isBelow
    ? `${names(hearing.claimants)} are all below timeline ${hearing.memory.highWaterTimeline} seen before`
    : out.map((held) => held.reason).join('; ')
  const words = { rule: isBelow ? 'belowHighWater' : 'fenced', reason, stale, ...background(given) } as const
  return rule(given, none(hearing, words))
}

function undecided(
  given: Case,
  disputed: readonly ClaimantEvidence[],
  grounds: Pick<DualPrimary, 'rule' | 'reason'>,
): Judgement {
  const { hearing } = given
  if (hearing.policy.splitBrain === 'warn') {
    const node = stable(hearing, disputed)
    const reason = `${grounds.reason}; written to all the same by policy`
    return name(given, { node, rule: 'policyWarn', reason, before: [grounds.rule] })
  }
  return rule(given, dual(hearing, disputed, { ...grounds, ...background(given) }))
}

function name(
  given: Case,
  words: Pick<OnePrimary, 'node' | 'rule' | 'reason'> & { readonly before?: readonly RuleName[] },
): Judgement {
  const { before = [] } = words
  const { before: held, managerNames: manager } = background(given)
  const grounds = { ...words, before: [...held, ...before], managerNames: manager }
  return rule(given, primary(given.hearing, grounds))
}

/** What stands in every verdict on the case, whichever rule gives it. */
function background({ out, manager }: Case): { before: readonly RuleName[]; managerNames: string | null } {
  return { before: [...new Set(out.map((held) => held.rule))], managerNames: manager }
}

function rule({ hearing, contest }: Case, verdict: Verdict): Judgement {
  return { verdict, memory: { ...hearing.memory, contest }, reviewAtMillis: null }
}

function names(claimants: readonly ClaimantEvidence[]): string {
  return claimants.map((claimant) => claimant.node).join(' and ')
}
