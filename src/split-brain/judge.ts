// Decides who may take writes. Knows nothing of sockets, clocks or pools: a view, a memory, a policy and the time go in,
// a verdict comes out.
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { isUp, type NodeView } from '../topology/node-view.ts'
import { expectedServers, identityOf, visibleServers } from '../topology/servers.ts'
import { oneOfEachServer, withAliases } from './aliases.ts'
import { judgeContest } from './contest.ts'
import { claimantEvidence, foreignNodes, ownSystem, standbyEvidence, withVotes } from './evidence.ts'
import { fencesAfter } from './fences.ts'
import { asFirst, inGrace } from './first-decision.ts'
import { type Hearing, type Judgement, none, type Policy, plain, primary, stable } from './hearing.ts'
import { judgeLone } from './lone.ts'
import type { Memory } from './memory.ts'
import { rivalsAfter } from './rivals.ts'
import { isFound, type Verdict } from './verdict.ts'
import { followsUnseen, votesOf } from './votes.ts'

export function judge(
  view: ClusterView,
  memory: Memory,
  { policy, nowMillis }: { policy: Policy; nowMillis: number },
): Judgement {
  const claiming = oneOfEachServer(claimantEvidence(view), memory.incumbent)
  const [only, another] = claiming
  // Where nothing else says which cluster is meant, a sole claimant's is.
  const sole = another === undefined ? (only?.systemIdentifier ?? null) : null
  const foreign = foreignNodes(view, ownSystem(view, memory.systemIdentifier) ?? sole)
  const ours = claiming.filter((claimant) => !foreign.includes(claimant.node))
  const votes = votesOf(
    view,
    ours.map(({ node }) => node),
  ).filter(({ standby }) => !foreign.includes(standby))
  const claimants = withVotes(ours, votes)
  const standbys = standbyEvidence(view, votes)
  const hearing: Hearing = { view, memory, policy, nowMillis, claimants, standbys, foreign }
  const waiting = inGrace(hearing)
  if (waiting !== null) return close(hearing, waiting.verdict, waiting)
  const judgement = asFirst(hearing, withQuorum(hearing, judgeClaimants(hearing)))
  return close(hearing, judgement.verdict, judgement)
}

function judgeClaimants(hearing: Hearing): Judgement {
  const { claimants, policy } = hearing
  const [first, second] = claimants
  if (first === undefined) {
    const reason = 'No node says that it is the primary'
    return plain(hearing, none(hearing, { rule: 'noClaimant', reason }))
  }
  if (policy.splitBrain === 'off') {
    const node = stable(hearing, claimants)
    return plain(hearing, primary(hearing, { node, rule: 'policyOff', reason: 'Split-brain checks are off' }))
  }
  if (second === undefined) return judgeLone(hearing, first)
  return judgeContest(hearing)
}

function withQuorum(hearing: Hearing, judgement: Judgement): Judgement {
  if (hearing.policy.writeQuorum === 'none' || judgement.verdict.kind !== 'primary') return judgement
  const { view } = hearing
  const foreign = foreignTo(hearing, judgement.verdict.node)
  // A standby of one out of sight is seen, but does not agree.
  const agrees = (node: NodeView): boolean => !foreign.includes(node.name) && !followsUnseen(view, node)
  const visible = visibleServers(view, (node) => isUp(node) && agrees(node))
  const expected = expectedServers(view)
  if (visible * 2 > expected) return judgement
  const reason = `Only ${visible} of ${expected} nodes are visible, and a majority is asked for`
  const { stale, rules: before, managerNames } = judgement.verdict
  const verdict = none(hearing, { rule: 'noQuorum', reason, stale, before, managerNames })
  return { ...judgement, verdict, memory: hearing.memory }
}

/** Naming a primary says which cluster is meant, also where nothing had said so before: the others do not count for it. */
function foreignTo({ view, claimants, foreign }: Hearing, named: string): readonly string[] {
  const system = claimants.find(({ node }) => node === named)?.systemIdentifier ?? null
  return system === null ? foreign : foreignNodes(view, system)
}

/** Writes into memory what a verdict settles, whichever rule gave it. */
function close(hearing: Hearing, given: Verdict, judgement: Omit<Judgement, 'verdict'>): Judgement {
  const verdict = disowning(hearing, given)
  const memory = { ...judgement.memory }
  memory.rivals = rivalsAfter(hearing, verdict)
  if (hearing.claimants.length < 2) memory.contest = null
  if (verdict.kind === 'primary') {
    const winner = hearing.claimants.find((claimant) => claimant.node === verdict.node)
    memory.incumbent = verdict.node
    memory.incumbentAddress = findNode(hearing.view, verdict.node)?.address ?? null
    memory.incumbentServer = winner === undefined ? null : identityOf(winner)
    // What policy chose was never found to be true: it must not keep the true one out later.
    const timeline = winner?.timeline ?? null
    if (isFound(verdict) && timeline !== null) {
      const history = memory.highWaterTimeline === timeline ? memory.highWaterHistory : null
      memory.highWaterTimeline = timeline
      memory.highWaterHistory = winner?.history ?? history
    }
    memory.systemIdentifier = winner?.systemIdentifier ?? memory.systemIdentifier
  }
  if (verdict.kind !== 'none' || judgement.reviewAtMillis === null) memory.rewinding = null
  memory.fences = fencesAfter(memory.fences, { view: hearing.view, verdict, nowMillis: hearing.nowMillis })
  return Object.freeze({
    verdict,
    memory: Object.freeze(memory),
    reviewAtMillis: judgement.reviewAtMillis,
  })
}

/** Who lost has lost by every name it goes by: none of them may be read from, nor be a new claimant at the next look. */
function disowning({ view }: Hearing, verdict: Verdict): Verdict {
  const names = withAliases(view, verdict.stale).filter((name) => findNode(view, name)?.state === 'primary')
  if (names.length === verdict.stale.length) return verdict
  return Object.freeze({ ...verdict, stale: Object.freeze(names) })
}
