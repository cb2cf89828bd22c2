// Which node serves this request: one answer over one view. Waiting is an answer, not an exception.
import type { BalancerName } from '../config/settings.ts'
import type { Verdict } from '../split-brain/verdict.ts'
import type { ClusterView } from '../topology/cluster-view.ts'
import type { Drains } from '../topology/drain.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { LagLimits } from '../topology/replication-lag.ts'
import { balancers, type Moment } from './balancers.ts'
import { awaitsFirstDecision, fitNodes, type RoutingTable } from './fitness.ts'
import type { RouteRequest } from './request.ts'

export type Selection =
  | { readonly kind: 'use'; readonly node: string }
  | { readonly kind: 'wait' }
  /** Every node refuses this client: waiting would not help, and the server's own words say why. */
  | { readonly kind: 'refuse'; readonly error: Error }

export interface Choosing {
  /** Null: in list order. */
  readonly balancing: BalancerName | null
  readonly moment: Moment
  /**
   * Nodes that have just failed this request in a way that says nothing of the node (too many connections, another
   * server behind its address): taken only where nothing else is fit.
   */
  readonly avoid?: ReadonlySet<string> | undefined
}

const WAIT: Selection = Object.freeze({ kind: 'wait' })

export function selectNode(table: RoutingTable, request: RouteRequest, choosing: Choosing): Selection {
  if (awaitsFirstDecision(table.verdict)) return WAIT
  return choose(fitNodes(table, request), choosing) ?? withoutNode(table.view)
}

/** What is there to do where no node is fit. */
function withoutNode({ nodes }: ClusterView): Selection {
  const rejecting = nodes.filter((node) => node.state === 'rejected')
  if (!nodes.every((node) => rejecting.includes(node) || isDeadEnd(node, rejecting))) return WAIT
  const error = rejecting[0]?.failure?.error
  return error === undefined ? WAIT : { kind: 'refuse', error }
}

/** An address that never led anywhere, of a name whose other address does: nothing listens on localhost's IPv6, say. */
function isDeadEnd(node: NodeView, rejecting: readonly NodeView[]): boolean {
  if (node.state !== 'unreachable' || node.answer !== null) return false
  return rejecting.some(({ entry }) => entry === node.entry)
}

function choose(fit: readonly NodeView[], { balancing, moment, avoid }: Choosing): Selection | null {
  const preferred = avoid === undefined ? fit : fit.filter((node) => !avoid.has(node.name))
  const candidates = preferred.length > 0 ? preferred : fit
  const chosen = balancing === null ? candidates[0] : balancers[balancing](candidates, moment)
  return chosen === undefined ? null : { kind: 'use', node: chosen.name }
}

/** What is believed and judged at one moment; replaced whole, so its identity tells whether anything is new. */
export interface Beliefs {
  readonly view: ClusterView
  readonly verdict: Verdict
  readonly drains?: Drains
}

interface Remembered {
  readonly beliefs: Beliefs
  readonly fit: readonly NodeView[]
  readonly selection: Selection
  readonly untilMillis: number
}

/** Selects like `selectNode`, but filters the nodes once per belief and request instead of once per call. */
export class Selector {
  readonly #limits: LagLimits
  readonly #maxAgeMillis: number
  readonly #remembered = new Map<RouteRequest, Remembered>()

  constructor(options: { limits: LagLimits; maxAgeMillis: number }) {
    this.#limits = options.limits
    this.#maxAgeMillis = options.maxAgeMillis
  }

  select(
    beliefs: Beliefs,
    request: RouteRequest,
    choosing: Choosing & { readonly nowMillis: number },
  ): Selection {
    const known = this.#recall(beliefs, request, choosing.nowMillis)
    if (choosing.balancing === null && choosing.avoid === undefined) return known.selection
    return choose(known.fit, choosing) ?? known.selection
  }

  /** Whether a node that was selected before is still fit: the time a connection takes may have changed that. */
  isFit(
    beliefs: Beliefs,
    request: RouteRequest,
    { node, nowMillis }: { node: string; nowMillis: number },
  ): boolean {
    return this.#recall(beliefs, request, nowMillis).fit.some((candidate) => candidate.name === node)
  }

  #recall(beliefs: Beliefs, request: RouteRequest, nowMillis: number): Remembered {
    const known = this.#remembered.get(request)
    if (known === undefined || known.beliefs !== beliefs || nowMillis > known.untilMillis) {
      return this.#remember(beliefs, request, nowMillis)
    }
    return known
  }

  #remember(beliefs: Beliefs, request: RouteRequest, nowMillis: number): Remembered {
    const waits = awaitsFirstDecision(beliefs.verdict)
    const table: RoutingTable = {
      ...beliefs,
      limits: this.#limits,
      staleBeforeMillis: nowMillis - this.#maxAgeMillis,
    }
    const fit = waits ? [] : fitNodes(table, request)
    const oldest = fit.reduce((least, node) => Math.min(least, node.checkedAtMillis ?? 0), nowMillis)
    const [first] = fit
    const inOrder: Selection | null = first === undefined ? null : { kind: 'use', node: first.name }
    const selection = inOrder ?? (waits ? WAIT : withoutNode(beliefs.view))
    const known = { beliefs, fit, selection, untilMillis: oldest + this.#maxAgeMillis }
    this.#remembered.set(request, known)
    return known
  }
}
