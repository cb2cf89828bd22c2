// Decides who may take writes. Knows nothing of sockets, clocks or pools: a view, a memory, a policy and the time go in,
// a verdict comes out.
import type { ClusterView } from '../topology/cluster-view.ts'
import { wasHeard } from '../topology/node-view.ts'
import { judgeContest } from './contest.ts'
import { type ClaimantEvidence, claimantEvidence, foreignNodes, ownSystem, votes } from './evidence.ts'
import { type Hearing, type Judgement, none, type Policy, plain, primary, stable } from './hearing.ts'
import type { Memory } from './memory.ts'
import { blockingRival, rivalsAfter } from './rivals.ts'
import type { Verdict } from './verdict.ts'

export function judge(
  view: ClusterView,
  memory: Memory,
  { policy, nowMillis }: { policy: Policy; nowMillis: number },
): Judgement {
  const own = ownSystem(view, memory.systemIdentifier)
  const foreign = foreignNodes(view, own)
  const claimants = claimantEvidence(view).filter((claimant) => !foreign.includes(claimant.node))
  const hearing: Hearing = { view, memory, policy, nowMillis, claimants, foreign }
  const graceEndMillis = memory.startedMillis + policy.startupGraceMillis
  if (!memory.started && nowMillis < graceEndMillis && !view.nodes.every(wasHeard)) {
    return close(hearing, none(hearing, 'starting', 'Not every node has been heard yet'), {
      memory,
      reviewAtMillis: graceEndMillis,
    })
  }
  const heard = { ...hearing, memory: { ...memory, started: true } }
  const judgement = withQuorum(heard, judgeClaimants(heard))
  return close(heard, judgement.verdict, judgement)
}

function judgeClaimants(hearing: Hearing): Judgement {
  const { claimants, memory, policy } = hearing
  const [first, second] = claimants
  if (first === undefined) {
    return plain(hearing, none(hearing, 'noClaimant', 'No node says that it is the primary'))
  }
  if (policy.splitBrain === 'off') {
    const node = stable(claimants, memory.incumbent)
    return plain(hearing, primary(hearing, { node, rule: 'policyOff', reason: 'Split-brain checks are off' }))
  }
  if (second === undefined) return judgeLone(hearing, first)
  return judgeContest(hearing)
}

/** One claimant: the primary, unless its timeline says that it has been left behind. */
function judgeLone(hearing: Hearing, claimant: ClaimantEvidence): Judgement {
  const { memory, policy, nowMillis, view } = hearing
  const rival = blockingRival(hearing, claimant)
  if (rival !== null) {
    const reason = `${rival.node} claimed timeline ${rival.timeline} and has fallen silent since`
    return {
      ...plain(hearing, none(hearing, 'rivalSilent', reason)),
      reviewAtMillis: rival.lastSeenMillis + policy.settleMillis,
    }
  }
  const highWater = memory.highWaterTimeline
  if (claimant.timeline === null || highWater === null || claimant.timeline >= highWater) {
    const reason = `${claimant.node} is the only node that says it is the primary`
    return plain(hearing, primary(hearing, { node: claimant.node, rule: 'onlyClaimant', reason }))
  }
  const below = `${claimant.node} is on timeline ${claimant.timeline}, below ${highWater} seen before`
  if ((votes(claimant) + 1) * 2 <= view.nodes.length) {
    return plain(hearing, none(hearing, 'belowHighWater', below))
  }
  // Followers vote late: only when they have stayed for the settling time has the cluster really gone back.
  const since = memory.rewoundSinceMillis ?? nowMillis
  const reviewAtMillis = since + policy.settleMillis
  if (nowMillis < reviewAtMillis) {
    const held = none(hearing, 'belowHighWater', `${below}; most nodes follow it, which must last`)
    return { verdict: held, memory: { ...memory, rewoundSinceMillis: since }, reviewAtMillis }
  }
  const reason = `${below}, but most nodes follow it: writes acknowledged on timeline ${highWater} may be gone`
  return plain(hearing, primary(hearing, { node: claimant.node, rule: 'rewound', reason }))
}

function withQuorum(hearing: Hearing, judgement: Judgement): Judgement {
  if (hearing.policy.writeQuorum === 'none' || judgement.verdict.kind !== 'primary') return judgement
  const { view, foreign } = hearing
  const visible = view.nodes.filter(
    (node) => (node.state === 'primary' || node.state === 'standby') && !foreign.includes(node.name),
  ).length
  if (visible * 2 > view.nodes.length) return judgement
  const reason = `Only ${visible} of ${view.nodes.length} nodes are visible, and a majority is asked for`
  return { ...judgement, verdict: none(hearing, 'noQuorum', reason), memory: hearing.memory }
}

/** Writes into memory what a verdict settles, whichever rule gave it. */
function close(hearing: Hearing, verdict: Verdict, judgement: Omit<Judgement, 'verdict'>): Judgement {
  const memory = { ...judgement.memory }
  memory.rivals = rivalsAfter(hearing, verdict)
  if (hearing.claimants.length < 2) memory.contest = null
  if (verdict.kind === 'primary') {
    const winner = hearing.claimants.find((claimant) => claimant.node === verdict.node)
    memory.incumbent = verdict.node
    memory.highWaterTimeline = winner?.timeline ?? memory.highWaterTimeline
    memory.systemIdentifier = winner?.systemIdentifier ?? memory.systemIdentifier
    memory.rewoundSinceMillis = null
  }
  if (verdict.kind === 'none' && judgement.reviewAtMillis === null) memory.rewoundSinceMillis = null
  return Object.freeze({
    verdict,
    memory: Object.freeze(memory),
    reviewAtMillis: judgement.reviewAtMillis,
  })
}
