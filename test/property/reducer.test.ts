// For any sequence of looks and failures over one to five nodes: what the reducers, the judge and the transition keep.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ClusterState, initialState, nextState } from '../../src/failover/cluster-state.ts'
import { transition } from '../../src/failover/transition.ts'
import type { Policy } from '../../src/split-brain/hearing.ts'
import { writableNode } from '../../src/split-brain/verdict.ts'
import { findNode, newestLookMillis } from '../../src/topology/cluster-view.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { hosts, learn, longName, POLICY } from '../support/cluster-script.ts'
import { SIGNS } from '../support/sighting.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e']

interface Happening {
  /** Index of the node, beyond the list now and then. */
  readonly node: number
  readonly afterMillis: number
  /** How long before it arrives it was asked. */
  readonly ageMillis: number
  /** Without a time; null: time alone passes. */
  readonly result: ProbeResult | null
}

const answer = fc.record<Extract<ProbeResult, { kind: 'answer' }>>({
  kind: fc.constant('answer'),
  askedAtMillis: fc.constant(0),
  roundTripMillis: fc.integer({ min: 0, max: 50 }),
  isPooled: fc.option(fc.boolean()),
  servingMillis: fc.option(fc.integer({ min: 0, max: 50 })),
  role: fc.constantFrom('primary', 'standby'),
  readOnly: fc.boolean(),
  serverVersion: fc.constant(null),
  serverStartMillis: fc.constantFrom(null, 1, 2),
  systemIdentifier: fc.constantFrom(null, '7001', '7001', '7001', '9999'),
  timeline: fc.option(fc.integer({ min: 1, max: 4 })),
  writeLsn: fc.constantFrom(null, '0/10', '1/0'),
  receiveLsn: fc.constant(null),
  replayLsn: fc.constantFrom(null, '0/8', '0/10'),
  replayAgeMillis: fc.option(fc.integer({ min: 0, max: 100 })),
  followers: fc.option(fc.integer({ min: 0, max: 4 })),
  receiving: fc.constant(null),
  upstream: fc.constantFrom(null, ...['a', 'b', 'e'].map((host) => ({ host, port: 5432 }))),
  ownAddress: fc.constant(null),
  mayTrace: fc.boolean(),
  canCommit: fc.constantFrom(null, true, false),
})

const failure = fc.record<Extract<ProbeResult, { kind: 'failure' }>>({
  kind: fc.constant('failure'),
  askedAtMillis: fc.constant(0),
  sign: fc.constantFrom(...SIGNS),
  seenBy: fc.constantFrom('monitor', 'pool'),
  code: fc.constantFrom(undefined, 'ECONNRESET'),
  message: fc.constant('something'),
})

const happening = fc.record<Happening>({
  node: fc.integer({ min: 0, max: NAMES.length }),
  afterMillis: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(10_000)),
  ageMillis: fc.integer({ min: 0, max: 120 }),
  result: fc.oneof({ weight: 3, arbitrary: answer }, { weight: 2, arbitrary: failure }, fc.constant(null)),
})

const history = fc.record({
  size: fc.integer({ min: 1, max: NAMES.length }),
  happenings: fc.array(happening, { minLength: 1, maxLength: 40 }),
  policy: fc.record<Policy>({
    splitBrain: fc.constantFrom('refuse', 'warn', 'off'),
    writeQuorum: fc.constantFrom('none', 'majority'),
    startupGraceMillis: fc.constant(POLICY.startupGraceMillis),
    firstLookMillis: fc.constant(POLICY.firstLookMillis),
    settleMillis: fc.constant(POLICY.settleMillis),
    beliefMillis: fc.constantFrom(POLICY.beliefMillis, 3000),
  }),
})

interface Turn {
  readonly before: ClusterState
  readonly after: ClusterState
  readonly nowMillis: number
  readonly name: string
  readonly result: ProbeResult | null
  readonly policy: Policy
}

/** Calls back for every turn of a history, the ones in which nothing was learnt included. */
function forEveryTurn(check: (turn: Turn) => void): void {
  let turns = 0
  fc.assert(
    fc.property(history, ({ size, happenings, policy }) => {
      let nowMillis = 0
      let state = initialState(hosts(NAMES.slice(0, size)), policy, nowMillis)
      for (const { node, afterMillis, ageMillis, result: timeless } of happenings) {
        nowMillis += afterMillis
        const name = longName(NAMES[node] ?? 'z')
        const result = timeless === null ? null : { ...timeless, askedAtMillis: nowMillis - ageMillis }
        const view = result === null ? state.view : learn(state.view, name, { result, nowMillis })
        const after =
          view === state.view && result !== null ? state : nextState(state, view, { policy, nowMillis })
        check({ before: state, after, nowMillis, name, result, policy })
        state = after
        turns += 1
      }
    }),
    { numRuns: 1500 },
  )
  expect(turns).toBeGreaterThan(1500)
}

describe('for any history', () => {
  test('the revision grows by one with every view, and the same view is nothing learnt', () => {
    forEveryTurn(({ before, after }) => {
      const grown = after.view.revision - before.view.revision
      expect(grown).toBe(after.view === before.view ? 0 : 1)
      expect(after.view.nodes.filter((node, i) => node !== before.view.nodes[i])).toHaveLength(grown)
    })
  })

  test('an older question changes nothing; a newer one is what the state rests on', () => {
    forEveryTurn(({ before, after, name, result }) => {
      const was = findNode(before.view, name)
      if (was === undefined || result === null) {
        expect(after.view).toBe(before.view)
        return
      }
      const isOlder = was.checkedAtMillis !== null && result.askedAtMillis < was.checkedAtMillis
      const saysNothing = result.kind === 'failure' && result.sign === 'rejected' && result.seenBy === 'pool'
      const is = findNode(after.view, name)
      expect(is === was).toBe(isOlder || saysNothing)
      if (!isOlder && !saysNothing) expect(is?.checkedAtMillis).toBe(result.askedAtMillis)
    })
  })

  test('a state begins when it changes, and a failure holds until the next answer', () => {
    forEveryTurn(({ before, after, name, result }) => {
      const was = findNode(before.view, name)
      const is = findNode(after.view, name)
      if (was === undefined || is === undefined) return
      if (is.state === was.state) expect(is.sinceMillis).toBe(was.sinceMillis)
      if (is !== was) expect(is.failure === null).toBe(result?.kind === 'answer')
      if (result?.kind === 'failure') {
        expect(is.answer).toBe(was.answer)
        if (is !== was && is.state !== was.state) expect(['primary', 'standby']).not.toContain(is.state)
      }
    })
  })

  test('at most one node may be written to, and it says that it is the primary', () => {
    forEveryTurn(({ after: { verdict, view, memory } }) => {
      const named = writableNode(verdict)
      if (named === null) return
      expect(findNode(view, named)?.state).toBe('primary')
      expect(verdict.stale).not.toContain(named)
      expect(verdict.foreign).not.toContain(named)
      expect(memory.incumbent).toBe(named)
    })
  })

  test('who was written to is remembered until another is', () => {
    forEveryTurn(({ before, after }) => {
      const { incumbent } = after.memory
      if (incumbent !== before.memory.incumbent) expect(writableNode(after.verdict)).toBe(incumbent)
    })
  })

  test('a review is always to come, never overdue', () => {
    forEveryTurn(({ after, nowMillis }) => {
      if (after.reviewAtMillis !== null && after.judgedAtMillis === nowMillis) {
        expect(after.reviewAtMillis).toBeGreaterThan(nowMillis)
      }
    })
  })

  test('judging the same again names the same node, for the same reason as ever after', () => {
    forEveryTurn(({ after, nowMillis, policy }) => {
      // Without checks, the first of two clusters is taken, and only from then on is the other one foreign.
      if (after.judgedAtMillis !== nowMillis || policy.splitBrain === 'off') return
      // Where nobody has looked since a sleep, judging again is a first decision again.
      if (nowMillis - (newestLookMillis(after.view) ?? nowMillis) > policy.beliefMillis) return
      const again = nextState(after, after.view, { policy, nowMillis })
      const andAgain = nextState(again, after.view, { policy, nowMillis })
      expect(writableNode(again.verdict)).toBe(writableNode(after.verdict))
      expect(andAgain).toEqual(again)
    })
  })
})

describe('the effects of any turn', () => {
  test('come in order: what is gone, pools, what has come, looks, events last', () => {
    const rank = {
      ...{ forget: 0, invalidate: 1, destroyLeased: 1, watch: 2, probe: 3 },
      ...{ trace: 4, askManager: 5, emit: 6 },
    }
    forEveryTurn(({ before, after }) => {
      const ranks = transition(before, after).map((effect) => rank[effect.kind])
      expect(ranks).toEqual([...ranks].sort())
    })
  })

  test('are none where nothing changed', () => {
    forEveryTurn(({ after }) => {
      expect(transition(after, after)).toEqual([])
    })
  })

  test('name known nodes only, and never cut off the primary that stays', () => {
    forEveryTurn(({ before, after }) => {
      const kept = writableNode(before.verdict)
      for (const effect of transition(before, after)) {
        if (effect.kind === 'emit' || effect.kind === 'askManager') continue
        const nodes = 'nodes' in effect ? effect.nodes : [effect.node]
        for (const node of nodes) expect(findNode(after.view, node)).toBeDefined()
        if (effect.kind === 'destroyLeased' && kept !== null && kept === writableNode(after.verdict)) {
          expect(effect.node).not.toBe(kept)
        }
      }
    })
  })

  test('tell every change of state and of the primary exactly once', () => {
    forEveryTurn(({ before, after, name }) => {
      const events = transition(before, after).flatMap((effect) =>
        effect.kind === 'emit' ? [effect.event.name] : [],
      )
      const hasMoved = findNode(before.view, name)?.state !== findNode(after.view, name)?.state
      const isNamedAnew = writableNode(before.verdict) !== writableNode(after.verdict)
      expect(events.filter((event) => event === 'nodeChange')).toHaveLength(hasMoved ? 1 : 0)
      expect(events.filter((event) => event === 'primaryChange')).toHaveLength(isNamedAnew ? 1 : 0)
    })
  })
})
