// The remembered choice is the choice: whatever is believed, asked and however much time passes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BalancerName, Target } from '../../src/config/settings.ts'
import { initialState, nextState } from '../../src/failover/cluster-state.ts'
import { fitNodes } from '../../src/routing/fitness.ts'
import type { RouteRequest } from '../../src/routing/request.ts'
import { type Beliefs, Selector, selectNode } from '../../src/routing/select-node.ts'
import { hosts, learn, longName, POLICY } from '../support/cluster-script.ts'
import { sighting } from '../support/sighting.ts'

const NAMES = ['a', 'b', 'c']
const MAX_AGE_MILLIS = 100
const LIMITS = { maxBytes: 16, maxMillis: 50 }
const TARGETS: readonly Target[] = [
  ...(['any', 'read-write', 'primary', 'read-only', 'standby', 'prefer-standby', 'prefer-primary'] as const),
]
// The same objects for every call, as a pool has them: the selector remembers by them.
const REQUESTS: readonly RouteRequest[] = TARGETS.flatMap((target) =>
  (['read', 'write'] as const).map((intent) => ({ target, intent })),
)

const event = fc.oneof(
  fc.record({
    kind: fc.constant('see' as const),
    node: fc.constantFrom(...NAMES),
    text: fc.constantFrom(
      ...['primary tl=1 followers=0 write=0/20', 'primary tl=2 followers=1 write=0/20', 'standby'],
      ...['standby replay=0/20 age=90', 'standby replay=0/8 age=10', 'standby system=9999', 'refused'],
      ...['lost by=pool', 'rejected', 'primary readonly'],
    ),
  }),
  fc.record({ kind: fc.constant('wait' as const), millis: fc.integer({ min: 0, max: 70 }) }),
  fc.record({ kind: fc.constant('select' as const) }),
)

const avoided = fc.option(fc.uniqueArray(fc.constantFrom(...NAMES.map(longName))), { nil: undefined })
const balancing = fc.constantFrom<BalancerName | null>(null, 'random', 'roundRobin', 'leastBusy', 'nearest')

describe('the selector', () => {
  test('chooses as selectNode does, for any beliefs at any time', () => {
    let used = 0
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 30 }),
        avoided,
        balancing,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (events, avoid, balancer, chance) => {
          const selector = new Selector({ limits: LIMITS, maxAgeMillis: MAX_AGE_MILLIS })
          let nowMillis = 1000
          let state = initialState(hosts(NAMES), POLICY, nowMillis)
          const choosing = {
            balancing: balancer,
            moment: { random: () => chance, busy: () => 1, turn: () => 7 },
            avoid: avoid === undefined ? undefined : new Set(avoid),
          }
          for (const happening of events) {
            if (happening.kind === 'wait') nowMillis += happening.millis
            if (happening.kind === 'see') {
              const result = sighting(happening.text, nowMillis)
              const view = learn(state.view, longName(happening.node), { result, nowMillis })
              state = nextState(state, view, { policy: POLICY, nowMillis })
            }
            for (const request of REQUESTS) {
              const table = tableOf(state, nowMillis)
              const chosen = selector.select(state, request, { ...choosing, nowMillis })
              expect(chosen).toEqual(selectNode(table, request, { ...choosing, nowMillis }))
              if (chosen.kind === 'use') {
                used += 1
                expect(fitNodes(table, request).map((node) => node.name)).toContain(chosen.node)
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    )
    expect(used).toBeGreaterThan(1000)
  })
})

function tableOf(beliefs: Beliefs, nowMillis: number): Parameters<typeof fitNodes>[0] {
  return { ...beliefs, limits: LIMITS, staleBeforeMillis: nowMillis - MAX_AGE_MILLIS }
}
