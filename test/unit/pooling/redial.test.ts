// When a primary in doubt is dialled beside the look, and how often; without a server.
import { expect, test } from 'vitest'
import { type ClusterState, initialState, withDrains } from '../../../src/failover/cluster-state.ts'
import type { AcquireCallback, NodePool } from '../../../src/pooling/node-pool.ts'
import { Redial } from '../../../src/pooling/redial.ts'
import { withDrain } from '../../../src/topology/drain.ts'
import { hosts, longName, POLICY, playAll } from '../../support/cluster-script.ts'

const CALM = { at: 0, see: { a: 'primary tl=1', b: 'standby', c: 'standby' } }
const RESET = { at: 50, see: { a: 'lost by=pool code=ECONNRESET' } }

function setUp({ max = 10, inUse = 2, idle = 0, isRefused = false } = {}) {
  const dialled: string[] = []
  const lent = { count: 0 }
  const get = (node: string, intent: string): NodePool =>
    ({
      readyCount: idle,
      inUseCount: inUse,
      acquire: (callback: AcquireCallback) => {
        dialled.push(`${node} ${intent}`)
        if (isRefused) {
          callback(new Error('no'), undefined as never, () => {})
          return
        }
        lent.count += 1
        callback(undefined, undefined as never, () => {
          lent.count -= 1
        })
      },
    }) as unknown as NodePool
  const redial = new Redial({ pools: { get }, max })
  const keep = (...steps: Parameters<typeof playAll>[0][]): void =>
    redial.keep(playAll(steps.flat(), { policy: POLICY }))
  return { dialled, lent, redial, keep }
}

const times = (count: number): string[] => Array.from({ length: count }, () => `${longName('a')} write`)

test('a primary whose connection was lost is dialled, as often as it was in use, and nothing stays lent', () => {
  const { dialled, lent, keep } = setUp()
  keep([CALM, RESET])
  expect([dialled, lent.count]).toEqual([times(2), 0])
})

test.each([
  { name: 'one that nobody used, not at all', given: { inUse: 0 }, dials: 0 },
  { name: 'not by a crowd', given: { inUse: 50, max: 100 }, dials: 4 },
  { name: 'half the room is left', given: { inUse: 5, max: 5 }, dials: 2 },
  { name: 'where there is room for one, none', given: { max: 1 }, dials: 0 },
  { name: 'where none is kept, none', given: { max: 0 }, dials: 0 },
  { name: 'where one is at rest, none', given: { idle: 1 }, dials: 0 },
  { name: 'one that refuses is not asked again', given: { isRefused: true }, dials: 2 },
])('$name', ({ given, dials }) => {
  const { dialled, keep } = setUp(given)
  keep([CALM, RESET])
  keep([CALM, RESET, { at: 60, see: { a: 'lost by=pool code=ECONNRESET' } }])
  expect(dialled).toEqual(times(dials))
})

test('each doubt counts anew', () => {
  const { dialled, keep } = setUp()
  keep([CALM, RESET])
  const again = [
    { at: 100, see: { a: 'primary tl=1' } },
    { at: 200, see: { a: 'lost code=ECONNRESET' } },
  ]
  keep([CALM, RESET, ...again])
  expect(dialled).toEqual(times(4))
})

test('only the last primary, only while it is in doubt, and not where it refuses, is silent or is drained', () => {
  const { dialled, keep, redial } = setUp()
  redial.keep(initialState(hosts(['a']), POLICY, 0))
  keep([CALM])
  keep([CALM, { at: 50, see: { b: 'lost code=ECONNRESET' } }])
  for (const sign of ['refused', 'silent', 'demoted by=pool']) keep([CALM, { at: 50, see: { a: sign } }])
  const doubted: ClusterState = playAll([CALM, RESET], { policy: POLICY })
  const [node] = doubted.view.nodes
  if (node === undefined) throw new Error('A node was expected')
  redial.keep(withDrains(doubted, withDrain(doubted.drains, node, 60_000)))
  expect(dialled).toEqual([])
})
