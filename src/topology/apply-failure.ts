// What a failure changes in the view: of a look, or of a connection that the application was using.

import { isOlder } from './apply-probe.ts'
import { assertNever } from './assert-never.ts'
import { type ClusterView, findNode, withNode } from './cluster-view.ts'
import type { NodeState } from './node-view.ts'
import type { NodeFailure } from './probe-result.ts'

/** `nowMillis` is when the failure was noticed; `failure.askedAtMillis` decides whether it is still news. */
export function applyFailure(
  view: ClusterView,
  name: string,
  { failure, nowMillis }: { failure: NodeFailure; nowMillis: number },
): ClusterView {
  const node = findNode(view, name)
  if (node === undefined || isOlder(node, failure.askedAtMillis)) return view
  // A login refused to the application says nothing of the node: the monitor has its own.
  if (failure.sign === 'rejected' && failure.seenBy === 'pool') return view
  const state = stateAfter(failure, node.state)
  return withNode(
    view,
    Object.freeze({
      ...node,
      state,
      sinceMillis: node.state === state ? node.sinceMillis : nowMillis,
      checkedAtMillis: failure.askedAtMillis,
      failure: Object.freeze(failure),
      misses: missesAfter(failure, node.misses),
    }),
  )
}

function stateAfter(failure: NodeFailure, before: NodeState): NodeState {
  switch (failure.sign) {
    case 'refused':
    case 'unreachable':
      return 'unreachable'
    case 'silent':
      // A pool that waited in vain may have met a crowd, not a dead server: the monitor's next look decides.
      return failure.seenBy === 'monitor' ? 'unreachable' : doubted(before)
    case 'starting':
      return 'starting'
    case 'rejected':
      return 'rejected'
    case 'lost':
    case 'demoted':
    case 'confused':
      return doubted(before)
    default:
      return assertNever(failure.sign)
  }
}

/** A sign, not a fact: only a look tells what the node is now. What was already worse stays. */
function doubted(before: NodeState): NodeState {
  return before === 'primary' || before === 'standby' ? 'unknown' : before
}

function missesAfter(failure: NodeFailure, before: number): number {
  if (failure.seenBy === 'pool') return before
  const nobodyThere =
    failure.sign === 'refused' || failure.sign === 'unreachable' || failure.sign === 'silent'
  return nobodyThere ? before + 1 : 0
}
