// Which nodes may serve a request at all. Writes follow the verdict, never what a node says of itself.
import type { Target } from '../config/settings.ts'
import { isSplit, type Verdict, writableNode } from '../split-brain/verdict.ts'
import type { ClusterView } from '../topology/cluster-view.ts'
import { type Drains, isDrained, NO_DRAINS } from '../topology/drain.ts'
import type { NodeView } from '../topology/node-view.ts'
import { isWithinLag, type LagLimits, replicationLag } from '../topology/replication-lag.ts'
import { ALIKE, type Places } from './places.ts'
import type { RouteRequest } from './request.ts'

/** All that a choice reads, from one view. */
export interface RoutingTable {
  readonly view: ClusterView
  readonly verdict: Verdict
  /** None where it is not said. */
  readonly drains?: Drains
  readonly limits: LagLimits
  /** A belief whose question was asked before this is too old to act on. */
  readonly staleBeforeMillis: number
}

/**
 * Fit nodes in list order, in groups that are not empty: a later group counts only where none of an earlier one will do.
 * Of one preference those that stand near come first.
 */
export function fitGroups(
  table: RoutingTable,
  request: RouteRequest,
  places: Places = ALIKE,
): readonly (readonly NodeView[])[] {
  const usable = table.view.nodes.filter((node) => isUsable(table, node))
  return preferences(request)
    .flatMap((accepts) => {
      const fit = usable.filter((node) => accepts(table, node))
      return [fit.filter((node) => places.isNear(node)), fit.filter((node) => !places.isNear(node))]
    })
    .filter((group) => group.length > 0)
}

/** Those of the first group. */
export function fitNodes(table: RoutingTable, request: RouteRequest): readonly NodeView[] {
  return fitGroups(table, request)[0] ?? []
}

type Accepts = (table: RoutingTable, node: NodeView) => boolean

function preferences({ target, intent }: RouteRequest): readonly Accepts[] {
  return PREFERENCES[intent][target]
}

const PREFERENCES: Readonly<Record<RouteRequest['intent'], Readonly<Record<Target, readonly Accepts[]>>>> = {
  write: byTarget(isNamedPrimary),
  read: byTarget(isReadablePrimary),
}

function byTarget(primaryForAny: Accepts): Readonly<Record<Target, readonly Accepts[]>> {
  const anyNode: Accepts = (table, node) => primaryForAny(table, node) || isFitStandby(table, node)
  return {
    any: [anyNode],
    'read-write': [(table, node) => isNamedPrimary(table, node) && node.answer?.readOnly === false],
    primary: [isNamedPrimary],
    'read-only': [
      (table, node) =>
        isFitStandby(table, node) || (isNamedPrimary(table, node) && node.answer?.readOnly === true),
    ],
    standby: [isFitStandby],
    'prefer-standby': [isFitStandby, primaryForAny],
    'prefer-primary': [primaryForAny, isFitStandby],
  }
}

function isUsable({ verdict, drains = NO_DRAINS, staleBeforeMillis }: RoutingTable, node: NodeView): boolean {
  return (
    node.checkedAtMillis !== null &&
    node.checkedAtMillis >= staleBeforeMillis &&
    !verdict.foreign.includes(node.name) &&
    !verdict.stale.includes(node.name) &&
    !isDrained(drains, node.name)
  )
}

function isNamedPrimary({ verdict }: RoutingTable, node: NodeView): boolean {
  return node.state === 'primary' && writableNode(verdict) === node.name
}

/** Where no write is taken only because of what is not seen. */
const READABLE: readonly Verdict['rule'][] = ['noQuorum', 'rivalSilent', 'othersUnheard']

/** What holds writes up does not hold up reads: a claimant not found stale shows data that was once committed. */
function isReadablePrimary(table: RoutingTable, node: NodeView): boolean {
  if (isNamedPrimary(table, node)) return true
  const { verdict } = table
  if (node.state !== 'primary') return false
  if (verdict.kind === 'none') return READABLE.includes(verdict.rule)
  return verdict.kind === 'dualPrimary' && isSplit(verdict)
}

function isFitStandby({ view, verdict, limits }: RoutingTable, node: NodeView): boolean {
  if (node.state !== 'standby') return false
  return isWithinLag(replicationLag(view, node, writableNode(verdict)), limits)
}

/**
 * Whether requests must still wait for the first decision: the quickest node would be taken for the best, and the order of
 * the list would count for nothing.
 */
export function awaitsFirstDecision(verdict: Verdict): boolean {
  return verdict.kind === 'none' && verdict.rule === 'starting'
}
