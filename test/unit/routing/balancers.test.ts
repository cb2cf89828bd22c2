// Choosing among several fit nodes, with chance under control; and the answer where every node refuses this client.
import { describe, expect, test } from 'vitest'
import type { BalancerName } from '../../../src/config/settings.ts'
import { balancers, type Moment } from '../../../src/routing/balancers.ts'
import { candidatesOf } from '../../../src/routing/candidates.ts'
import { fitGroups } from '../../../src/routing/fitness.ts'
import { ALIKE, placesOf } from '../../../src/routing/places.ts'
import { Selector, selectNode } from '../../../src/routing/select-node.ts'
import { type ClusterView, initialView } from '../../../src/topology/cluster-view.ts'
import type { NodeView } from '../../../src/topology/node-view.ts'
import type { NodeFailure } from '../../../src/topology/probe-result.ts'
import { hosts, learn, longName, shortName } from '../../support/cluster-script.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { sighting } from '../../support/sighting.ts'
import { verdictFrom } from '../../support/verdict-in-words.ts'

const NAMES = ['a', 'b', 'c']
const EVEN = { places: ALIKE, slowStartMillis: 0 }
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
      const chosenIndex = balancers[name](candidatesOf(nodes, EVEN), {
        moment,
        nowMillis: 0,
        slowStartMillis: 0,
      })
      const node = shortName(nodes[chosenIndex]?.name ?? 'nobody')
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
      const at = { moment, nowMillis: 0, slowStartMillis: 0 }
      expect(balancers[name](candidatesOf(nodes, EVEN), at)).toBe(0)
      expect(balancers[name](candidatesOf([], EVEN), at)).toBe(-1)
    },
  )
})

describe('where every node refuses this client', () => {
  const error = new Error('password authentication failed')
  const refused = { ...(sighting('rejected code=28P01', 0) as NodeFailure), error }
  const request = { target: 'primary', intent: 'write' } as const
  const choosing = {
    balancing: null,
    moment: { random: () => 0, busy: () => 0, turn: () => 0 },
    nowMillis: 0,
  }

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

describe('weights, zones and newcomers', () => {
  const HOSTS = [
    { host: 'a', port: 5432, weight: 3, zone: 'east' },
    { host: 'b', port: 5432, zone: 'west' },
    { host: 'c', port: 5432, zone: 'west' },
  ]
  const places = placesOf(HOSTS, undefined)

  /** Shares of many choices with seeded chance. */
  function shares(
    name: BalancerName,
    nodes: readonly NodeView[],
    {
      slowStartMillis = 0,
      nowMillis = 0,
      busy = {},
    }: { slowStartMillis?: number; nowMillis?: number; busy?: Record<string, number> },
  ): Record<string, number> {
    const random = seededRandom(7)
    let turn = 0
    const moment: Moment = { random, busy: (node) => busy[shortName(node)] ?? 0, turn: () => turn++ }
    const candidates = candidatesOf(nodes, { places, slowStartMillis })
    const counted: Record<string, number> = { a: 0, b: 0, c: 0 }
    const rounds = 20_000
    for (let i = 0; i < rounds; i++) {
      const index = balancers[name](candidates, { moment, nowMillis, slowStartMillis })
      const node = shortName(nodes[index]?.name ?? '')
      counted[node] = (counted[node] ?? 0) + 1 / rounds
    }
    return counted
  }

  const { nodes } = viewOf({ a: 'standby', b: 'standby', c: 'standby' })

  test.each(['random', 'roundRobin', 'leastBusy'] as const)('%s shares by weight', (name) => {
    const share = shares(name, nodes, {})
    expect(share.a).toBeCloseTo(0.6, 1)
    expect(share.b).toBeCloseTo(0.2, 1)
    expect(share.c).toBeCloseTo(0.2, 1)
  })

  test('leastBusy counts what is in use by weight', () => {
    expect(shares('leastBusy', nodes, { busy: { a: 3, b: 2, c: 2 } }).a).toBeGreaterThan(0.8)
    expect(shares('leastBusy', nodes, { busy: { a: 9, b: 2, c: 2 } }).a).toBe(0)
  })

  test.each(Object.keys(balancers) as BalancerName[])(
    '%s: the share of one that is down goes to the others evenly, to no successor',
    (name) => {
      const share = shares(name, nodes.slice(1), {})
      expect(share.b).toBeCloseTo(0.5, 1)
      expect(share.c).toBeCloseTo(0.5, 1)
    },
  )

  test.each(Object.keys(balancers) as BalancerName[])('%s: a newcomer is spared, less and less', (name) => {
    const [a, b, c] = nodes
    if (a === undefined || b === undefined || c === undefined) throw new Error('Three nodes were expected')
    const old = { ...b, sinceMillis: -60_000, roundTripMillis: 1 }
    const fresh = { ...c, sinceMillis: 0, roundTripMillis: 1 }
    const at = (nowMillis: number) =>
      shares(name, [old, fresh], { slowStartMillis: 10_000, nowMillis, busy: { b: 2 } }).c ?? 0
    expect(at(100)).toBeLessThan(0.1)
    expect(at(100)).toBeGreaterThan(0)
    expect(at(5_000)).toBeGreaterThan(at(100))
    expect(at(10_000)).toBeGreaterThan(0.45)
  })

  test('a zone that is preferred is left only where nothing in it is fit', () => {
    const view = viewOf({ a: 'standby', b: 'standby', c: 'standby' })
    const table = { view, verdict: verdictFrom('none noClaimant'), limits: LIMITS, staleBeforeMillis: 0 }
    const request = { target: 'standby', intent: 'read' } as const
    const groups = (zone: string) =>
      fitGroups(table, request, placesOf(HOSTS, zone)).map((group) =>
        group.map(({ name }) => shortName(name)).join(' '),
      )
    expect(groups('west')).toEqual(['b c', 'a'])
    expect(groups('east')).toEqual(['a', 'b c'])
    expect(groups('north')).toEqual(['a b c'])
  })
})
