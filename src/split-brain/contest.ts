// Decides between several claimants of one cluster, or says that it cannot. Followers decide; a newer timeline only
// delays them, because standbys move to a new primary late.
import { type ClaimantEvidence, ownSystem, votes } from './evidence.ts'
import { dual, type Hearing, type Judgement, none, plain, primary, stable } from './hearing.ts'
import type { Contest } from './memory.ts'
import type { DualPrimary, Verdict } from './verdict.ts'

export function judgeContest(hearing: Hearing): Judgement {
  const contenders = aboveHighWater(hearing)
  const [only, another] = contenders
  if (only === undefined) {
    const reason = `${names(hearing.claimants)} are all below timeline ${hearing.memory.highWaterTimeline} seen before`
    const stale = hearing.claimants.map((claimant) => claimant.node)
    return plain(hearing, none(hearing, { rule: 'belowHighWater', reason, stale }))
  }
  if (another === undefined) {
    const reason = `${only.node} alone has reached timeline ${hearing.memory.highWaterTimeline}, which was seen before`
    return rule(hearing, primary(hearing, { node: only.node, rule: 'highWater', reason }), null)
  }
  const contest = nextContest(hearing, contenders)
  if (!isConfirmed(contenders, contest)) {
    const reason = `${names(contenders)} say they are the primary; each is asked once more`
    return rule(hearing, dual(hearing, contenders, { rule: 'unconfirmed', reason }), contest)
  }
  if (ownSystem(hearing.view, hearing.memory.systemIdentifier) === null && showTwoSystems(contenders)) {
    const reason = `${names(contenders)} belong to different clusters, and nothing says which one is meant`
    return rule(hearing, dual(hearing, contenders, { rule: 'twoSystems', reason }), contest)
  }
  return decide(hearing, contenders, contest)
}

function decide(hearing: Hearing, contenders: readonly ClaimantEvidence[], contest: Contest): Judgement {
  const { policy, nowMillis } = hearing
  const leader = contenders.find((claimant) => claimant.node === contest.leader)
  if (leader === undefined) {
    const winner = contenders.find((claimant) => claimant.node === contest.winner)
    if (winner !== undefined) {
      const reason = `${winner.node} was found to be the primary and nothing speaks for another`
      return rule(hearing, primary(hearing, { node: winner.node, rule: 'decidedBefore', reason }), contest)
    }
    const reason = `${names(contenders)} all say they are the primary, and no majority of followers decides`
    return undecided({ hearing, contenders, contest }, { rule: 'undecided', reason })
  }
  if (leader.node === contest.winner || !hasNewerRival(leader, contenders)) {
    const reason = `${leader.node} has the majority of the followers (${tally(contenders)})`
    return rule(hearing, primary(hearing, { node: leader.node, rule: 'followers', reason }), contest)
  }
  const settledAtMillis = contest.leaderSinceMillis + policy.settleMillis
  if (nowMillis >= settledAtMillis) {
    const reason = `The followers stayed with ${leader.node} (${tally(contenders)}) although a newer timeline appeared`
    return rule(hearing, primary(hearing, { node: leader.node, rule: 'settledFollowers', reason }), contest)
  }
  const reason = `A newer timeline has appeared and the followers have not moved yet (${tally(contenders)})`
  return {
    ...undecided({ hearing, contenders, contest }, { rule: 'settling', reason }),
    reviewAtMillis: settledAtMillis,
  }
}

function undecided(
  {
    hearing,
    contenders,
    contest,
  }: { hearing: Hearing; contenders: readonly ClaimantEvidence[]; contest: Contest },
  grounds: Pick<DualPrimary, 'rule' | 'reason'>,
): Judgement {
  if (hearing.policy.splitBrain === 'warn') {
    const node = stable(hearing, contenders)
    const reason = `${grounds.reason}; written to all the same by policy`
    return rule(hearing, primary(hearing, { node, rule: 'policyWarn', reason }), contest)
  }
  return rule(hearing, dual(hearing, contenders, grounds), contest)
}

/** The claimants at or above the timeline of the last primary named; all of them where none is known. */
function aboveHighWater({ claimants, memory }: Hearing): readonly ClaimantEvidence[] {
  const highWater = memory.highWaterTimeline
  if (highWater === null) return claimants
  return claimants.filter((claimant) => claimant.timeline === null || claimant.timeline >= highWater)
}

function nextContest(hearing: Hearing, contenders: readonly ClaimantEvidence[]): Contest {
  const { memory, nowMillis } = hearing
  const claimants = contenders.map((claimant) => claimant.node)
  const before = memory.contest
  const same = before !== null && before.claimants.join() === claimants.join()
  const leader = leaderOf(contenders)
  return Object.freeze({
    claimants,
    sinceMillis: same ? before.sinceMillis : nowMillis,
    leader,
    leaderSinceMillis: same && before.leader === leader ? before.leaderSinceMillis : nowMillis,
    winner: same ? before.winner : null,
  })
}

/** Two looks at different instants may be a clean switchover: every claimant must say it again after it was doubted. */
function isConfirmed(contenders: readonly ClaimantEvidence[], contest: Contest): boolean {
  return contenders.every((claimant) => claimant.askedAtMillis > contest.sinceMillis)
}

/** Who has more followers than all others together, or null. */
function leaderOf(contenders: readonly ClaimantEvidence[]): string | null {
  const cast = contenders.reduce((sum, claimant) => sum + votes(claimant), 0)
  return contenders.find((claimant) => votes(claimant) * 2 > cast)?.node ?? null
}

function hasNewerRival(leader: ClaimantEvidence, contenders: readonly ClaimantEvidence[]): boolean {
  return contenders.some(
    (claimant) =>
      claimant.timeline !== null && leader.timeline !== null && claimant.timeline > leader.timeline,
  )
}

function showTwoSystems(contenders: readonly ClaimantEvidence[]): boolean {
  return new Set(contenders.map((claimant) => claimant.systemIdentifier)).size > 1
}

function rule(hearing: Hearing, verdict: Verdict, contest: Contest | null): Judgement {
  // A choice made by policy must not later pass for a decision.
  const decided = verdict.kind === 'primary' && verdict.rule !== 'policyWarn' ? verdict.node : null
  const kept = contest === null ? null : Object.freeze({ ...contest, winner: decided ?? contest.winner })
  return { verdict, memory: { ...hearing.memory, contest: kept }, reviewAtMillis: null }
}

function names(claimants: readonly ClaimantEvidence[]): string {
  return claimants.map((claimant) => claimant.node).join(' and ')
}

function tally(contenders: readonly ClaimantEvidence[]): string {
  return contenders.map((claimant) => `${claimant.node} ${votes(claimant)}`).join(', ')
}
