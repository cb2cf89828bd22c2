// What the dispatcher asks about the cluster, or about the single plain host.
import type { ClusterState } from '../failover/cluster-state.ts'
import type { RouteRequest } from '../routing/request.ts'
import type { Selection } from '../routing/select-node.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { NodeFailure } from '../topology/probe-result.ts'

/** What the dispatcher needs to know of the cluster, or of the single plain host. */
export interface Guide {
  /** Plain: one host without a monitor, where every error reaches the caller as pg gives it. */
  readonly monitored: boolean
  readonly state: ClusterState
  /** Begins to look at the cluster, if it has not yet. */
  start(): void
  select(request: RouteRequest, avoid?: ReadonlySet<string>, accepts?: Accepts): Selection
  /** Whether a node selected a while ago would still do. */
  isFit(request: RouteRequest, node: string, accepts?: Accepts): boolean
  report(node: string, failure: NodeFailure): void
  /** Asks for a look at a node without saying anything of it. */
  look(node: string): void
}

/** Further conditions of one request on its node. */
export type Accepts = (node: NodeView) => boolean
