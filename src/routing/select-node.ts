// Which node serves this request: one answer over one view. Waiting is an answer, not an exception.
import type { BalancerName } from '../config/settings.ts'
import type { Verdict } from '../split-brain/verdict.ts'
import type { ClusterView } from '../topology/cluster-view.ts'
import type { Drains } from '../topology/drain.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { LagLimits } from '../topology/replication-lag.ts'
import { balancers, type Moment } from './balancers.ts'
import { type Candidates, candidatesOf, type Layout, type Use } from './candidates.ts'
import { awaitsFirstDecision, fitGroups, type RoutingTable } from './fitness.ts'
import { ALIKE } from './places.ts'
import type { RouteRequest } from './request.ts'

export type Selection =
  | Use
  | { readonly kind: 'wait' }
  /** Every node refuses this client: waiting would not help, and the server's own words say why. */
  | { readonly kind: 'refuse'; readonly error: Error }

export interface Choosing {
  /** Null: in list order. */
  readonly balancing: BalancerName | null
  readonly moment: Moment
  readonly nowMillis: number
  /**
   * Nodes that have just failed this request in a way that says nothing of the node (too many connections, another
   * server behind its address): taken only where nothing else of the same preference is fit.
   */
  readonly avoid?: ReadonlySet<string> | undefined
  /** Further conditions of this request. Where no fit node meets them, the next preference counts; else it waits. */
  readonly accepts?: ((node: NodeView) => boolean) | undefined
}

const WAIT: Selection = Object.freeze({ kind: 'wait' })
const PLAIN: Layout = { places: ALIKE, slowStartMillis: 0 }

export function selectNode(
  table: RoutingTable,
  request: RouteRequest,
  choosing: Choosing & { readonly layout?: Layout },
): Selection {
  if (awaitsFirstDecision(table.verdict)) return WAIT
  const layout = choosing.layout ?? PLAIN
  const groups = fitGroups(table, request, layout.places).map((nodes) => candidatesOf(nodes, layout))
  return chooseOf(groups, choosing, layout) ?? withoutNode(table.view)
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

function chooseOf(groups: readonly Candidates[], choosing: Choosing, layout: Layout): Use | null {
  const { avoid, accepts } = choosing
  for (const group of groups) {
    const meeting = accepts === undefined ? group : narrowed(group, accepts, layout)
    if (meeting.nodes.length === 0) continue
    const preferred =
      avoid === undefined ? meeting : narrowed(meeting, ({ name }) => !avoid.has(name), layout)
    return choose(preferred.nodes.length > 0 ? preferred : meeting, choosing, layout)
  }
  return null
}

function narrowed(group: Candidates, keeps: (node: NodeView) => boolean, layout: Layout): Candidates {
  const kept = group.nodes.filter(keeps)
  return kept.length === group.nodes.length ? group : candidatesOf(kept, layout)
}

function choose(
  candidates: Candidates,
  { balancing, moment, nowMillis }: Choosing,
  layout: Layout,
): Use | null {
  if (balancing === null) return candidates.uses[0] ?? null
  CIRCUMSTANCES.moment = moment
  CIRCUMSTANCES.nowMillis = nowMillis
  CIRCUMSTANCES.slowStartMillis = layout.slowStartMillis
  return candidates.uses[balancers[balancing](candidates, CIRCUMSTANCES)] ?? null
}

/** Filled anew for each choice, which nothing interrupts: choosing makes no objects. */
const CIRCUMSTANCES = { moment: undefined as unknown as Moment, nowMillis: 0, slowStartMillis: 0 }

/** What is believed and judged at one moment; replaced whole, so its identity tells whether anything is new. */
export interface Beliefs {
  readonly view: ClusterView
  readonly verdict: Verdict
  readonly drains?: Drains
}

interface Remembered {
  readonly beliefs: Beliefs
  readonly groups: readonly Candidates[]
  /** For any request that brings no conditions of its own. */
  readonly first: Candidates | null
  readonly without: Selection
  readonly untilMillis: number
}

export interface SelectorOptions {
  readonly limits: LagLimits
  readonly maxAgeMillis: number
  readonly layout?: Layout
}

/** Selects like `selectNode`, but filters the nodes once per belief and request instead of once per call. */
export class Selector {
  readonly #limits: LagLimits
  readonly #maxAgeMillis: number
  readonly #layout: Layout
  readonly #remembered = new Map<RouteRequest, Remembered>()

  constructor({ limits, maxAgeMillis, layout = PLAIN }: SelectorOptions) {
    this.#limits = limits
    this.#maxAgeMillis = maxAgeMillis
    this.#layout = layout
  }

  select(beliefs: Beliefs, request: RouteRequest, choosing: Choosing): Selection {
    const known = this.#recall(beliefs, request, choosing.nowMillis)
    if (choosing.avoid === undefined && choosing.accepts === undefined) {
      return known.first === null
        ? known.without
        : (choose(known.first, choosing, this.#layout) ?? known.without)
    }
    // Where fit nodes are there but none that meets the conditions, one of them may come to meet them.
    return chooseOf(known.groups, choosing, this.#layout) ?? (known.first === null ? known.without : WAIT)
  }

  /** Whether a node that was selected before is still fit: the time a connection takes may have changed that. */
  isFit(
    beliefs: Beliefs,
    request: RouteRequest,
    {
      node,
      nowMillis,
      accepts,
    }: { node: string; nowMillis: number; accepts?: Choosing['accepts'] | undefined },
  ): boolean {
    const { groups, first } = this.#recall(beliefs, request, nowMillis)
    if (accepts === undefined) return first?.nodes.some(({ name }) => name === node) ?? false
    return groups.some(({ nodes }) => nodes.some((fit) => fit.name === node && accepts(fit)))
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
    const fit = waits ? [] : fitGroups(table, request, this.#layout.places)
    const oldest = fit.flat().reduce((least, node) => Math.min(least, node.checkedAtMillis ?? 0), nowMillis)
    const groups = fit.map((nodes) => candidatesOf(nodes, this.#layout))
    const known = {
      beliefs,
      groups,
      first: groups[0] ?? null,
      without: waits ? WAIT : withoutNode(beliefs.view),
      untilMillis: oldest + this.#maxAgeMillis,
    }
    this.#remembered.set(request, known)
    return known
  }
}
