// Choosing among several fit nodes, with chance under control; and the answer where every node refuses this client.
import { describe, expect, test } from 'vitest'
import type { BalancerName } from '../../../src/config/settings.ts'
import { balancers, type Moment } from '../../../src/routing/balancers.ts'
import { Selector, selectNode } from '../../../src/routing/select-node.ts'
import { type ClusterView, initialView } from '../../../src/topology/cluster-view.ts'
import type { NodeFailure } from '../../../src/topology/probe-result.ts'
import { hosts, learn, longName, shortName } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'
import { verdictFrom } from '../../support/verdict-in-words.ts'

const NAMES = ['a', 'b', 'c']
const LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxMillis: Number.POSITIVE_INFINITY }

function viewOf(sightings: Readonly<Record<string, string>>): ClusterView {
  return Object.entries(sightings).reduce(
    (view, [node, text]) => learn(view, longName(node), { result: sighting(text, 0), nowMillis: 0 }),
    initialView(hosts(Object.keys(sightings)), 0),
  )
}

/** How often each node is chosen when chance goes through its range in even steps. */
function counts(
  name: BalancerName,
  { busy = {}, rtt = {} }: { busy?: Record<string, number>; rtt?: Record<string, number> } = {},
): Record<string, number> {
  const { nodes } = viewOf(Object.fromEntries(NAMES.map((node) => [node, `standby rtt=${rtt[node] ?? 1}`])))
  const chosen: Record<string, number> = {}
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 6; j++) {
      const draws = [i / 6, j / 6]
      const moment: Moment = {
        random: () => draws.shift() ?? 0,
        busy: (node) => busy[shortName(node)] ?? 0,
        turn: () => i * 6 + j,
      }
      const node = shortName(balancers[name](nodes, moment)?.name ?? 'nobody')
      chosen[node] = (chosen[node] ?? 0) + 1
    }
  }
  return chosen
}

describe('a balancer', () => {
  test('random and roundRobin give every node its share', () => {
    expect(counts('random')).toEqual({ a: 12, b: 12, c: 12 })
    expect(counts('roundRobin')).toEqual({ a: 12, b: 12, c: 12 })
  })

  test('leastBusy never takes the busiest, and shares where all are alike', () => {
    expect(counts('leastBusy')).toEqual({ a: 12, b: 12, c: 12 })
    expect(counts('leastBusy', { busy: { a: 2, b: 1, c: 3 } })).toEqual({ a: 12, b: 24 })
  })

  test('nearest weighs the round trip by what is in use', () => {
    expect(counts('nearest', { rtt: { a: 1, b: 2, c: 4 } })).toEqual({ a: 24, b: 12 })
    expect(counts('nearest', { rtt: { a: 1, b: 2, c: 4 }, busy: { a: 4 } })).toEqual({ b: 24, c: 12 })
  })

  test.each(Object.keys(balancers) as BalancerName[])(
    '%s chooses the only one, and nobody of none',
    (name) => {
      const moment: Moment = { random: () => 0.99, busy: () => 1, turn: () => 5 }
      const { nodes } = viewOf({ a: 'standby' })
      expect(balancers[name](nodes, moment)).toBe(nodes[0])
      expect(balancers[name]([], moment)).toBeUndefined()
    },
  )
})

describe('where every node refuses this client', () => {
  const error = new Error('password authentication failed')
  const refused = { ...(sighting('rejected code=28P01', 0) as NodeFailure), error }
  const request = { target: 'primary', intent: 'write' } as const
  const choosing = { balancing: null, moment: { random: () => 0, busy: () => 0, turn: () => 0 } }

  function answers(view: ClusterView): readonly unknown[] {
    const beliefs = { view, verdict: verdictFrom('none noClaimant') }
    const selector = new Selector({ limits: LIMITS, maxAgeMillis: 100 })
    return [
      selectNode({ ...beliefs, limits: LIMITS, staleBeforeMillis: 0 }, request, choosing),
      selector.select(beliefs, request, { ...choosing, nowMillis: 0 }),
      selector.select(beliefs, request, { ...choosing, avoid: new Set(['x']), nowMillis: 0 }),
    ]
  }

  test("waiting would not help: the caller gets the server's own words", () => {
    const view = NAMES.reduce(
      (before, node) => learn(before, longName(node), { result: refused, nowMillis: 0 }),
      initialView(hosts(NAMES), 0),
    )
    for (const answer of answers(view)) expect(answer).toEqual({ kind: 'refuse', error })
  })

  test('one node that may still come is waited for', () => {
    for (const answer of answers(viewOf({ a: 'rejected', b: 'refused' })))
      expect(answer).toEqual({ kind: 'wait' })
  })
})
