// From one state to the next: what has to be done about it, as plain values in the order of doing. Does none of it.
import type { PoolEvent } from '../events.ts'
import { nodesOfServer, withAliases } from '../split-brain/aliases.ts'
import type { Memory } from '../split-brain/memory.ts'
import { writableNode } from '../split-brain/verdict.ts'
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { isDrained } from '../topology/drain.ts'
import { isUnresolved, isUp, lacksHistory, type NodeView } from '../topology/node-view.ts'
import type { ProbeAnswer } from '../topology/probe-result.ts'
import { isSameServer } from '../topology/servers.ts'
import type { ClusterState } from './cluster-state.ts'

export type Effect =
  /** The node has left the view, or its name leads elsewhere: nothing of it is used or looked at any more. */
  | { readonly kind: 'forget'; readonly node: string }
  /** There is a new address to look at. */
  | { readonly kind: 'watch'; readonly node: string }
  /** Start a new generation of a node's pools: idle connections go now, leased ones at release. */
  | {
      readonly kind: 'invalidate'
      readonly node: string
      readonly intent: 'write' | 'both'
      /** `close` says goodbye to the server; `destroy` does not wait for one that is silent. */
      readonly idle: 'close' | 'destroy'
    }
  /** End connections in use, now. */
  | {
      readonly kind: 'destroyLeased'
      readonly node: string
      readonly intent: 'write' | 'both'
      readonly reason: string
      /** `stale`: a verdict went against it, it still takes writes. `silent`: it does not answer. */
      readonly why: 'stale' | 'silent'
    }
  /** Read where the timeline of these primaries comes from. */
  | { readonly kind: 'trace'; readonly nodes: readonly string[] }
  /** Ask the cluster manager now. */
  | { readonly kind: 'askManager' }
  | { readonly kind: 'probe'; readonly nodes: readonly string[] }
  | { readonly kind: 'emit'; readonly event: PoolEvent }

/** Looks in a row without an answer after which connections in use are given up. */
const MISSES_BEFORE_DESTROYING = 2

export function transition(before: ClusterState, after: ClusterState): readonly Effect[] {
  const nodeEffects = changedNodes(before, after).flatMap(([was, is]) => nodeConsequences(was, is))
  return [
    ...departures(before.view, after.view),
    ...nodeEffects,
    ...drained(before, after),
    ...fences(before, after),
    ...arrivals(before.view, after.view),
    ...probes(before, after),
    ...traces(before.view, after.view),
    ...(wantsManager(before, after) ? [{ kind: 'askManager' } as const] : []),
    ...events(before, after).map((event) => ({ kind: 'emit', event }) as const),
  ]
}

/** Gone from the view, or under their name now somewhere else. */
function departed(before: ClusterView, after: ClusterView): readonly NodeView[] {
  if (before === after) return []
  return before.nodes.filter((was) => findNode(after, was.name)?.address !== was.address)
}

function departures(before: ClusterView, after: ClusterView): readonly Effect[] {
  return departed(before, after).map(({ name }) => ({ kind: 'forget', node: name }))
}

function arrivals(before: ClusterView, after: ClusterView): readonly Effect[] {
  return departed(after, before)
    .filter((node) => !isUnresolved(node))
    .map(({ name }) => ({ kind: 'watch', node: name }))
}

/** What is idle there goes now, what is in use when it is released, and who waits for a connection chooses anew. */
function drained(before: ClusterState, after: ClusterState): readonly Effect[] {
  const newly = after.drains.filter(({ node }) => !isDrained(before.drains, node))
  return newly.map(({ node }) => ({ kind: 'invalidate', node, intent: 'both', idle: 'close' }))
}

function changedNodes(before: ClusterState, after: ClusterState): readonly (readonly [NodeView, NodeView])[] {
  return after.view.nodes.flatMap((is) => {
    const was = findNode(before.view, is.name)
    return was === undefined || was === is ? [] : [[was, is] as const]
  })
}

function nodeConsequences(was: NodeView, is: NodeView): readonly Effect[] {
  const effects: Effect[] = []
  const node = is.name
  if (is.state === 'unreachable' && was.state !== 'unreachable') {
    effects.push({ kind: 'invalidate', node, intent: 'both', idle: 'destroy' })
  }
  if (is.misses >= MISSES_BEFORE_DESTROYING && was.misses < MISSES_BEFORE_DESTROYING) {
    const reason = `${node} does not answer any more (${is.failure?.code ?? is.failure?.message})`
    effects.push({ kind: 'destroyLeased', node, intent: 'both', reason, why: 'silent' })
  }
  if (isUp(was) && isCutOff(is)) effects.push({ kind: 'invalidate', node, intent: 'both', idle: 'destroy' })
  if (was.answer !== null && is.answer !== null && was.answer !== is.answer) {
    if (isAnotherServer(was.answer, is.answer)) {
      effects.push({ kind: 'invalidate', node, intent: 'both', idle: 'close' })
    } else if (was.answer.role === 'primary' && is.answer.role === 'standby') {
      effects.push({ kind: 'invalidate', node, intent: 'write', idle: 'close' })
    }
  }
  return effects
}

/**
 * A connection has ended without a word of the server's: the address has moved, or something in between has let go. What is at
 * rest is as dead, as a rule, and each would cost a statement to find that out. A session that the server itself has ended says
 * nothing of others.
 */
function isCutOff({ state, failure }: NodeView): boolean {
  return state === 'unknown' && failure?.sign === 'lost' && !isSqlState(failure.code)
}

/** Of those that end sessions; the system's own codes begin with a letter. */
function isSqlState(code: string | undefined): boolean {
  return code !== undefined && /^\d/.test(code)
}

/** Restarted, or another server has taken over the address: connections of before are dead, or lead elsewhere. */
function isAnotherServer(was: ProbeAnswer, is: ProbeAnswer): boolean {
  return (
    differ(was.serverStartMillis, is.serverStartMillis) || differ(was.systemIdentifier, is.systemIdentifier)
  )
}

function differ<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b
}

/** Writes leave a node the moment a verdict goes against it; what is in use there is cut off, not waited for. */
function fences(before: ClusterState, after: ClusterState): readonly Effect[] {
  const already = new Set(condemned(before))
  const fenced = new Map<string, string>()
  for (const node of condemned(after)) {
    if (!already.has(node)) fenced.set(node, `${node} may not be written to: ${after.verdict.reason}`)
  }
  const now = writableNode(after.verdict)
  if (now !== null && now !== writableNode(before.verdict)) {
    for (const node of leftBehind(before.memory, after)) {
      // A clean switchover leaves a standby behind, whose old sessions are gone. Anything else may still take writes.
      if (findNode(after.view, node)?.state === 'standby') continue
      const reason =
        node === now ? `${node} leads to another server now` : `${now} is the primary now, not ${node}`
      fenced.set(node, reason)
    }
  }
  return [...fenced].flatMap(([node, reason]): readonly Effect[] => [
    { kind: 'invalidate', node, intent: 'write', idle: 'close' },
    { kind: 'destroyLeased', node, intent: 'write', reason, why: 'stale' },
  ])
}

/** The names of the server written to before, where writes have moved to another one. */
function leftBehind(before: Memory, { view, memory }: ClusterState): readonly string[] {
  const { incumbent, incumbentServer } = before
  const hasMoved = incumbent !== memory.incumbent || before.incumbentAddress !== memory.incumbentAddress
  if (incumbent === null || !hasMoved || isOneServer(before, memory)) return []
  return [...new Set([incumbent, ...nodesOfServer(view, incumbentServer)])]
}

/** Whether the two primaries remembered are one server, by another of its names. */
function isOneServer(before: Memory, after: Memory): boolean {
  const [was, is] = [before.incumbentServer, after.incumbentServer]
  return was !== null && is !== null && isSameServer(was, is)
}

/**
 * Those that must not be written to, by all their names. An unconfirmed look spares the one that was written to last. On another
 * one connections may be in use still: it was left as a standby, and has been promoted since.
 */
function condemned({ view, verdict, memory }: ClusterState): readonly string[] {
  const claimants = verdict.kind === 'dualPrimary' ? verdict.claimants : []
  const spared = verdict.rule === 'unconfirmed' ? memory.incumbent : null
  const undecided = claimants.filter((node) => node !== spared)
  return withAliases(view, [...verdict.stale, ...verdict.foreign, ...undecided])
}

function probes(before: ClusterState, after: ClusterState): readonly Effect[] {
  const all = after.view.nodes.map((node) => node.name)
  const badSign = changedNodes(before, after).some(
    ([was, is]) =>
      is.failure !== null &&
      was.failure !== is.failure &&
      (is.failure.seenBy === 'pool' || was.state === 'primary' || was.state === 'standby'),
  )
  const awoke = before.memory.started && !after.memory.started
  const written = writableNode(before.verdict)
  const lost = departed(before.view, after.view).some((node) => node.name === written)
  // Whoever tells the primary of before from the next may be anybody: the followers, too.
  const stopped = written !== null && writableNode(after.verdict) === null
  if (badSign || awoke || lost || stopped) return [{ kind: 'probe', nodes: all }]
  const doubted = after.verdict.kind === 'dualPrimary' && after.verdict.rule === 'unconfirmed'
  if (doubted && before.memory.contest?.sinceMillis !== after.memory.contest?.sinceMillis) {
    return [{ kind: 'probe', nodes: after.memory.contest?.claimants ?? [] }]
  }
  return []
}

/** Once for each timeline of each primary: another connection is made for it. */
function traces(before: ClusterView, after: ClusterView): readonly Effect[] {
  const nodes = after.nodes.filter((node) => {
    const was = findNode(before, node.name)
    const isAsked = was !== undefined && lacksHistory(was) && was.answer?.timeline === node.answer?.timeline
    return lacksHistory(node) && !isAsked
  })
  return nodes.length === 0 ? [] : [{ kind: 'trace', nodes: nodes.map(({ name }) => name) }]
}

/** Its word is worth most when the primary is lost, and when there is one more than there should be. */
function wantsManager(before: ClusterState, after: ClusterState): boolean {
  if (after.view.manager.length === 0) return false
  const isLost = writableNode(before.verdict) !== null && writableNode(after.verdict) === null
  const had = new Set(before.verdict.evidence.map(({ node }) => node))
  const isJoined = had.size > 0 && after.verdict.evidence.some(({ node }) => !had.has(node))
  return isLost || isJoined
}

function events(before: ClusterState, after: ClusterState): readonly PoolEvent[] {
  const { verdict } = after
  const { revision } = after.view
  const list: PoolEvent[] = []
  for (const [was, is] of changedNodes(before, after)) {
    if (was.state === is.state) continue
    const failure = is.failure === null ? null : { code: is.failure.code, message: is.failure.message }
    list.push({
      name: 'nodeChange',
      payload: { node: is.name, previous: was.state, current: is.state, failure, revision },
    })
  }
  const previous = writableNode(before.verdict)
  const current = writableNode(verdict)
  if (previous !== current) {
    list.push({ name: 'primaryChange', payload: { previous, current, verdict, revision } })
  }
  const from = before.memory.incumbent
  if (current !== null && from !== null && from !== current && !isOneServer(before.memory, after.memory)) {
    list.push({
      name: 'failover',
      payload: { from, to: current, downtimeMillis: downtimeMillis(before, after), verdict, revision },
    })
  }
  if (after.splitSinceMillis !== null && before.splitSinceMillis === null) {
    list.push({ name: 'splitBrain', payload: { claimants: verdict.evidence, verdict, revision } })
  }
  if (after.splitSinceMillis === null && before.splitSinceMillis !== null) {
    const durationMillis = after.judgedAtMillis - before.splitSinceMillis
    list.push({ name: 'splitBrainEnd', payload: { durationMillis, verdict, revision } })
  }
  return list
}

function downtimeMillis(before: ClusterState, after: ClusterState): number {
  return before.withoutPrimarySinceMillis === null
    ? 0
    : after.judgedAtMillis - before.withoutPrimarySinceMillis
}
