// How requests find their node: through what is believed of a cluster, or straight to the one host of a plain pool.
import type { Settings } from './config/settings.ts'
import { ReadsOnPrimaryError } from './errors.ts'
import { initialState } from './failover/cluster-state.ts'
import type { Coordinator } from './monitoring/coordinator.ts'
import type { Guide } from './pooling/guide.ts'
import type { Moment } from './routing/balancers.ts'
import { placesOf } from './routing/places.ts'
import { PrimaryShare } from './routing/primary-share.ts'
import type { RouteRequest } from './routing/request.ts'
import { type Choosing, type Selection, Selector } from './routing/select-node.ts'
import type { Policy } from './split-brain/hearing.ts'
import { findNode } from './topology/cluster-view.ts'

export function clusterGuide(
  settings: Settings,
  coordinator: Coordinator,
  { policy, clock, moment }: { policy: Policy; clock: () => number; moment: Moment },
): Guide {
  const balancing = settings.loadBalanceHosts ? settings.balancer : null
  const selector = new Selector({
    limits: {
      maxBytes: settings.maxReplicationLagBytes,
      maxMillis: settings.maxReplicationLagMillis,
    },
    maxAgeMillis: policy.beliefMillis,
    layout: {
      places: placesOf(settings.hosts, settings.preferZone),
      slowStartMillis: settings.slowStartMillis,
    },
  })
  // Filled anew for each choice, which nothing interrupts.
  const choosing: { -readonly [K in keyof Choosing]: Choosing[K] } = { balancing, moment, nowMillis: 0 }
  const share = settings.maxReadsOnPrimary < 1 ? new PrimaryShare(settings.maxReadsOnPrimary) : null
  const protect = (selection: Selection, request: RouteRequest): Selection => {
    if (share === null || request.target !== 'prefer-standby' || selection.kind !== 'use') return selection
    const { view } = coordinator.state
    if (findNode(view, selection.node)?.state !== 'primary') {
      share.countStandby(choosing.nowMillis)
      return selection
    }
    const mayUse = share.takePrimary(choosing.nowMillis)
    return mayUse ? selection : { kind: 'refuse', error: new ReadsOnPrimaryError(settings.maxReadsOnPrimary) }
  }
  return {
    monitored: true,
    get state() {
      return coordinator.state
    },
    start: () => coordinator.start(),
    select: (request, avoid, accepts) => {
      choosing.nowMillis = clock()
      choosing.avoid = avoid
      choosing.accepts = accepts
      return protect(selector.select(coordinator.state, request, choosing), request)
    },
    isFit: (request, node, accepts) =>
      selector.isFit(coordinator.state, request, { node, nowMillis: clock(), accepts }),
    report: (node, failure) => coordinator.report(node, failure),
    look: (node) => coordinator.lookNow([node]),
  }
}

export function plainGuide(settings: Settings, policy: Policy): Guide {
  const state = initialState(settings.hosts, policy, 0)
  const [node] = state.view.nodes
  if (node === undefined) throw new Error('A host was expected')
  const selection = Object.freeze({ kind: 'use', node: node.name } as const)
  return {
    monitored: false,
    state,
    start: () => {},
    select: () => selection,
    isFit: () => true,
    report: () => {},
    look: () => {},
  }
}
