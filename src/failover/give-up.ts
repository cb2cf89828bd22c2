// The error of a request that found no fit node in time: it names every node, what is known of it and since when.
import { type NodeReport, NoFitNodeError, NoPrimaryError, SplitBrainError } from '../errors.ts'
import { type RouteRequest, wantsPrimary } from '../routing/request.ts'
import { isDrained } from '../topology/drain.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { NodeFailure } from '../topology/probe-result.ts'
import { classifyError } from './classify-error.ts'
import type { ClusterState } from './cluster-state.ts'

export interface GivingUp {
  readonly request: RouteRequest
  readonly why: 'deadline' | 'queueFull'
  readonly waitedMillis: number
  readonly nowMillis: number
  readonly cause?: Error | undefined
}

/** A server without room for another connection says so best itself. */
export function giveUpError(state: ClusterState, giving: GivingUp): Error {
  if (classifyError(giving.cause).kind === 'overloaded' && giving.cause !== undefined) return giving.cause
  return noNodeError(state, giving)
}

function noNodeError(state: ClusterState, giving: GivingUp): NoFitNodeError {
  const { verdict, view } = state
  const waitedMillis = Math.round(giving.waitedMillis)
  const nodes = view.nodes.map((node) => report(node, giving.nowMillis))
  const { cause } = giving
  const list = view.nodes.map((node, i) => describe(node, nodes[i], state)).join(', ')
  const wanted = WANTED[giving.request.target]
  const when = giving.why === 'queueFull' ? 'and too many requests wait already' : `for ${waitedMillis} ms`
  if (!wantsPrimary(giving.request)) {
    return new NoFitNodeError(`No ${wanted} among ${nodes.length} nodes ${when} (${list})`, {
      nodes,
      waitedMillis,
      cause,
    })
  }
  if (verdict.kind === 'dualPrimary') {
    const { claimants } = verdict
    const message = `No write is sent while two primaries cannot be told apart, ${when}: ${verdict.reason} (${list})`
    return new SplitBrainError(message, { nodes, waitedMillis, claimants, cause })
  }
  const why =
    verdict.kind === 'none' && verdict.rule !== 'noClaimant' ? `: ${verdict.reason}` : inCommon(view.nodes)
  return new NoPrimaryError(`No ${wanted} among ${nodes.length} nodes ${when}${why} (${list})`, {
    nodes,
    waitedMillis,
    cause,
  })
}

/** A cluster that has lost its coordination store looks like this: every server lives, none may be written to. */
function inCommon(nodes: readonly NodeView[]): string {
  const isReadOnly = ({ state, answer }: NodeView): boolean =>
    state === 'standby' || (state === 'primary' && answer?.readOnly === true)
  return nodes.every(isReadOnly) ? ': all of them are read-only' : ''
}

const WANTED: Readonly<Record<RouteRequest['target'], string>> = {
  any: 'usable node',
  'read-write': 'writable primary',
  primary: 'primary',
  'read-only': 'read-only node',
  standby: 'fit standby',
  'prefer-standby': 'node that can be read from',
  'prefer-primary': 'node that can be read from',
}

function report(node: NodeView, nowMillis: number): NodeReport {
  const { failure } = node
  return Object.freeze({
    node: node.name,
    host: node.host,
    state: node.state,
    role: node.answer?.role ?? null,
    forMillis: Math.max(0, Math.round(nowMillis - node.sinceMillis)),
    code: failure?.code,
    phase: failure?.phase ?? null,
    address: failure?.address ?? null,
    elapsedMillis: failure?.elapsedMillis === undefined ? null : Math.round(failure.elapsedMillis),
  })
}

function describe(node: NodeView, known: NodeReport | undefined, { verdict, drains }: ClusterState): string {
  const readOnly = node.state === 'primary' && node.answer?.readOnly === true ? ' (read-only)' : ''
  const alien = verdict.foreign.includes(node.name) ? ' of another cluster' : ''
  const reason = node.failure === null ? '' : `: ${failureInWords(node.failure)}`
  const isOut = isDrained(drains, node.name) ? ' (drained)' : ''
  return `${node.name} ${node.state}${readOnly}${isOut}${alien} for ${known?.forMillis ?? 0} ms${reason}`
}

/** `tcp 10.0.0.2 ECONNREFUSED after 1 ms` for a connect, else what the code or the message says. */
function failureInWords({ phase, address, elapsedMillis, code, message }: NodeFailure): string {
  const what = code ?? message
  if (phase === undefined) return what
  const where = address === undefined || address === null ? '' : ` ${address}`
  const after = elapsedMillis === undefined ? '' : ` after ${Math.round(elapsedMillis)} ms`
  return `${phase}${where} ${what}${after}`
}
