// How requests find their node: through what is believed of a cluster, or straight to the one host of a plain pool.
import type { Settings } from './config/settings.ts'
import { initialState } from './failover/cluster-state.ts'
import type { Coordinator } from './monitoring/coordinator.ts'
import type { Guide } from './pooling/dispatcher.ts'
import type { Moment } from './routing/balancers.ts'
import { Selector } from './routing/select-node.ts'
import type { Policy } from './split-brain/hearing.ts'

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
  })
  return {
    monitored: true,
    get state() {
      return coordinator.state
    },
    start: () => coordinator.start(),
    select: (request, avoid) =>
      selector.select(coordinator.state, request, { balancing, moment, avoid, nowMillis: clock() }),
    isFit: (request, node) => selector.isFit(coordinator.state, request, { node, nowMillis: clock() }),
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
