// Decides who may take writes. Knows nothing of sockets, clocks or pools: a view, a memory, a policy and the time go in,
// a verdict comes out.
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { isUp, wasHeard } from '../topology/node-view.ts'
import { expectedServers, identityOf, visibleServers } from '../topology/servers.ts'
import { oneOfEachServer, withAliases } from './aliases.ts'
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
  const claiming = oneOfEachServer(claimantEvidence(view), memory.incumbent)
  const [only, another] = claiming
  // Where nothing else says which cluster is meant, a sole claimant's is.
  const sole = another === undefined ? (only?.systemIdentifier ?? null) : null
  const foreign = foreignNodes(view, ownSystem(view, memory.systemIdentifier) ?? sole)
  const claimants = Object.freeze(claiming.filter((claimant) => !foreign.includes(claimant.node)))
  const hearing: Hearing = { view, memory, policy, nowMillis, claimants, foreign }
  const graceEndMillis = memory.startedMillis + policy.startupGraceMillis
  if (!memory.started && nowMillis < graceEndMillis && !everyNodeHeard(hearing)) {
    return close(hearing, none(hearing, { rule: 'starting', reason: 'Not every node has been heard yet' }), {
      memory,
      reviewAtMillis: graceEndMillis,
    })
  }
  const heard = { ...hearing, memory: { ...memory, started: true } }
  const judgement = withQuorum(heard, judgeClaimants(heard))
  return close(heard, judgement.verdict, judgement)
}

function everyNodeHeard({ view, memory }: Hearing): boolean {
  return view.nodes.every((node) => wasHeard(node, memory.startedMillis))
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

/** One claimant: the primary, unless its timeline says that it has been left behind. */
function judgeLone(hearing: Hearing, claimant: ClaimantEvidence): Judgement {
  const { memory, policy, nowMillis, view } = hearing
  const rival = blockingRival(hearing, claimant)
  if (rival !== null) {
    const timeline = rival.timeline === null ? '' : ` on timeline ${rival.timeline}`
    const reason = `${rival.node} claimed to be the primary${timeline} and does not answer now`
    const stale = rival.over.filter((node) => node === claimant.node)
    return {
      ...plain(hearing, none(hearing, { rule: 'rivalSilent', reason, stale })),
      reviewAtMillis: rival.lastSeenMillis + policy.settleMillis,
    }
  }
  const highWater = memory.highWaterTimeline
  if (claimant.timeline === null || highWater === null || claimant.timeline >= highWater) {
    const reason = `${claimant.node} is the only node that says it is the primary`
    return plain(hearing, primary(hearing, { node: claimant.node, rule: 'onlyClaimant', reason }))
  }
  const below = `${claimant.node} is on timeline ${claimant.timeline}, below ${highWater} seen before`
  const stale = [claimant.node]
  if ((votes(claimant) + 1) * 2 <= expectedServers(view)) {
    return plain(hearing, none(hearing, { rule: 'belowHighWater', reason: below, stale }))
  }
  // Followers vote late: only when they have stayed for the settling time has the cluster really gone back.
  const since = memory.rewoundSinceMillis ?? nowMillis
  const reviewAtMillis = since + policy.settleMillis
  if (nowMillis < reviewAtMillis) {
    const reason = `${below}; most nodes follow it, which must last`
    const held = none(hearing, { rule: 'belowHighWater', reason, stale })
    return { verdict: held, memory: { ...memory, rewoundSinceMillis: since }, reviewAtMillis }
  }
  const reason = `${below}, but most nodes follow it: writes acknowledged on timeline ${highWater} may be gone`
  return plain(hearing, primary(hearing, { node: claimant.node, rule: 'rewound', reason }))
}

function withQuorum(hearing: Hearing, judgement: Judgement): Judgement {
  if (hearing.policy.writeQuorum === 'none' || judgement.verdict.kind !== 'primary') return judgement
  const { view } = hearing
  const foreign = foreignTo(hearing, judgement.verdict.node)
  const visible = visibleServers(view, (node) => isUp(node) && !foreign.includes(node.name))
  const expected = expectedServers(view)
  if (visible * 2 > expected) return judgement
  const reason = `Only ${visible} of ${expected} nodes are visible, and a majority is asked for`
  const { stale } = judgement.verdict
  const verdict = none(hearing, { rule: 'noQuorum', reason, stale })
  return { ...judgement, verdict, memory: hearing.memory }
}

/** Naming a primary says which cluster is meant, also where nothing had said so before: the others do not count for it. */
function foreignTo({ view, claimants, foreign }: Hearing, named: string): readonly string[] {
  const system = claimants.find(({ node }) => node === named)?.systemIdentifier ?? null
  return system === null ? foreign : foreignNodes(view, system)
}

/** Writes into memory what a verdict settles, whichever rule gave it. */
function close(hearing: Hearing, verdict: Verdict, judgement: Omit<Judgement, 'verdict'>): Judgement {
  const memory = { ...judgement.memory }
  memory.rivals = rivalsAfter(hearing, verdict)
  if (hearing.claimants.length < 2) memory.contest = null
  if (verdict.kind === 'primary') {
    const winner = hearing.claimants.find((claimant) => claimant.node === verdict.node)
    memory.incumbent = verdict.node
    memory.incumbentAddress = findNode(hearing.view, verdict.node)?.address ?? null
    memory.incumbentServer = winner === undefined ? null : identityOf(winner)
    // What policy chose was never found to be true: it must not keep the true one out later.
    const found = verdict.rule !== 'policyWarn' && verdict.rule !== 'policyOff'
    if (found) memory.highWaterTimeline = winner?.timeline ?? memory.highWaterTimeline
    memory.systemIdentifier = winner?.systemIdentifier ?? memory.systemIdentifier
    memory.rewoundSinceMillis = null
  }
  if (verdict.kind === 'none' && judgement.reviewAtMillis === null) memory.rewoundSinceMillis = null
  return Object.freeze({
    verdict: disowning(hearing, verdict),
    memory: Object.freeze(memory),
    reviewAtMillis: judgement.reviewAtMillis,
  })
}

/** Who lost has lost by every name it goes by: none of them may be read from. */
function disowning({ view }: Hearing, verdict: Verdict): Verdict {
  const names = withAliases(view, verdict.stale).filter((name) => findNode(view, name)?.state === 'primary')
  if (names.length === verdict.stale.length) return verdict
  return Object.freeze({ ...verdict, stale: Object.freeze(names) })
}
