// How long a drained node stays out of service: until what it was drained for has happened, or its time is over.
import { expect, test } from 'vitest'
import { initialState, nextState, withDrains } from '../../../src/failover/cluster-state.ts'
import { transition } from '../../../src/failover/transition.ts'
import { fitNodes } from '../../../src/routing/fitness.ts'
import { applyFailure } from '../../../src/topology/apply-failure.ts'
import { applyProbe } from '../../../src/topology/apply-probe.ts'
import { type ClusterView, findNode, initialView } from '../../../src/topology/cluster-view.ts'
import { isDrained, lastingDrains, NO_DRAINS, withDrain, withoutDrain } from '../../../src/topology/drain.ts'
import type { NodeView } from '../../../src/topology/node-view.ts'
import { POLICY } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'

const HOSTS = [
  { host: 'a', port: 1 },
  { host: 'b', port: 1 },
]

function node(view: ClusterView, name: string): NodeView {
  const found = findNode(view, name)
  if (found === undefined) throw new Error(`${name} was expected`)
  return found
}

function seen(before: ClusterView, name: string, look: string): ClusterView {
  const result = sighting(look, 0)
  if (result.kind === 'answer') return applyProbe(before, name, result)
  return applyFailure(before, name, { failure: result, nowMillis: result.askedAtMillis })
}

const view = seen(seen(initialView(HOSTS, 0), 'a:1', 'primary start=0 tl=1'), 'b:1', 'standby start=0')
const drains = withDrain(NO_DRAINS, node(view, 'a:1'), 1000)

test('a drain holds while nothing happens, and no longer than it is to', () => {
  expect(lastingDrains(drains, view, 999)).toBe(drains)
  expect(lastingDrains(drains, view, 1000)).toEqual([])
  const again = seen(view, 'a:1', 'primary start=0 tl=1 asked=50')
  expect(lastingDrains(drains, again, 999)).toBe(drains)
})

test('a node that is down stays drained, and serves again when it is back', () => {
  const down = seen(view, 'a:1', 'refused code=ECONNREFUSED asked=60')
  expect(lastingDrains(drains, down, 999)).toBe(drains)
  const back = seen(down, 'a:1', 'standby start=70 asked=80')
  expect(lastingDrains(drains, back, 999)).toEqual([])
})

test('a new role ends it even without a restart', () => {
  const promoted = withDrain(NO_DRAINS, node(view, 'b:1'), 1000)
  const after = seen(view, 'b:1', 'primary start=0 tl=2 asked=50')
  expect(lastingDrains(promoted, after, 60)).toEqual([])
})

test('to drain twice is to drain once, for the newer time', () => {
  const twice = withDrain(drains, node(view, 'a:1'), 5000)
  expect(twice).toHaveLength(1)
  expect(isDrained(lastingDrains(twice, view, 4999), 'a:1')).toBe(true)
  expect(isDrained(withoutDrain(twice, 'a:1'), 'a:1')).toBe(false)
})

test('the pools of a node go once, when it is drained, and the state is judged anew when that is over', () => {
  const before = nextState(initialState(HOSTS, POLICY, 0), view, { policy: POLICY, nowMillis: 10 })
  const after = withDrains(before, drains)
  expect(transition(before, after)).toEqual([
    { kind: 'invalidate', node: 'a:1', intent: 'both', idle: 'close' },
  ])
  const later = nextState(after, view, { policy: POLICY, nowMillis: 20 })
  expect(later.drains).toBe(drains)
  expect(later.reviewAtMillis).toBeLessThanOrEqual(1000)
  expect(transition(after, later).filter(({ kind }) => kind === 'invalidate')).toEqual([])
  expect(nextState(later, view, { policy: POLICY, nowMillis: 1000 }).drains).toEqual([])
})

test('a drained node is fit for nothing: writes have none, reads the others', () => {
  const state = nextState(initialState(HOSTS, POLICY, 0), view, { policy: POLICY, nowMillis: 10 })
  const limits = { maxBytes: Number.POSITIVE_INFINITY, maxMillis: Number.POSITIVE_INFINITY }
  const names = (table: object, target: 'primary' | 'prefer-standby' | 'any'): readonly string[] =>
    fitNodes(
      { ...state, ...table, limits, staleBeforeMillis: 0 },
      { target, intent: target === 'primary' ? 'write' : 'read' },
    ).map(({ name }) => name)
  expect(names({}, 'primary')).toEqual(['a:1'])
  expect(names({ drains }, 'primary')).toEqual([])
  expect(names({ drains }, 'any')).toEqual(['b:1'])
  const other = withDrain(NO_DRAINS, node(view, 'b:1'), 1000)
  expect(names({ drains: other }, 'prefer-standby')).toEqual(['a:1'])
})
