// How many connections are opened ahead, where and when; without a server.
import { expect, test } from 'vitest'
import {
  type ClusterState,
  initialState,
  nextState,
  withDrains,
} from '../../../src/failover/cluster-state.ts'
import type { AcquireCallback, NodePool } from '../../../src/pooling/node-pool.ts'
import { WarmPools } from '../../../src/pooling/warm-pools.ts'
import type { Intent } from '../../../src/routing/request.ts'
import { withDrain } from '../../../src/topology/drain.ts'
import { hosts, learn, longName, POLICY } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'

const NODES = { a: 'primary tl=1 write=0/300', b: 'standby replay=0/300', c: 'standby replay=0/300' }

function stateOf(nodes: Readonly<Record<string, string>>): ClusterState {
  return Object.entries(nodes).reduce(
    (state, [node, text]) =>
      nextState(state, learn(state.view, longName(node), { result: sighting(text, 0), nowMillis: 0 }), {
        policy: POLICY,
        nowMillis: 0,
      }),
    initialState(hosts(Object.keys(nodes)), POLICY, 0),
  )
}

/** Pools whose connections are there as soon as they are asked for, unless they are refused. */
function setUp(count: number) {
  const world = { now: 0, open: new Map<string, number>(), lent: 0, isRefused: false, asked: 0 }
  const get = (node: string, intent: Intent): NodePool => {
    expect(intent).toBe('write')
    let idle = world.open.get(node) ?? 0
    return {
      totalCount: idle,
      idleCount: idle,
      acquire: (callback: AcquireCallback) => {
        world.asked += 1
        if (world.isRefused) {
          callback(new Error('no room'), undefined as never, () => {})
          return
        }
        if (idle > 0) idle -= 1
        else world.open.set(node, (world.open.get(node) ?? 0) + 1)
        world.lent += 1
        callback(undefined, undefined as never, () => {
          world.lent -= 1
        })
      },
    } as unknown as NodePool
  }
  const warm = new WarmPools({ pools: { get }, count, clock: () => world.now })
  return { world, warm }
}

test('every standby gets as many as are wanted, and nothing stays lent', () => {
  const { world, warm } = setUp(3)
  warm.keep(stateOf(NODES))
  expect({ ...world, open: [...world.open] }).toMatchObject({
    open: [
      [longName('b'), 3],
      [longName('c'), 3],
    ],
    lent: 0,
    asked: 6,
  })
})

test('what is missing is opened later, beside those at rest', () => {
  const { world, warm } = setUp(3)
  warm.keep(stateOf(NODES))
  world.open.set(longName('b'), 1)
  world.now = 4999
  warm.keep(stateOf(NODES))
  expect(world.open.get(longName('b'))).toBe(1)
  world.now = 5000
  warm.keep(stateOf(NODES))
  expect(world.open.get(longName('b'))).toBe(3)
})

test('a server that refuses is not pressed', () => {
  const { world, warm } = setUp(2)
  world.isRefused = true
  for (world.now = 0; world.now < 10_000; world.now += 100) warm.keep(stateOf({ a: NODES.a, b: NODES.b }))
  expect(world.asked).toBe(4)
})

test('none are opened where none are wanted, nor on a node that is drained', () => {
  const { world, warm } = setUp(0)
  warm.keep(stateOf(NODES))
  const drained = setUp(1)
  const state = stateOf({ a: NODES.a, b: NODES.b })
  const [, standby] = state.view.nodes
  if (standby === undefined) throw new Error('A node was expected')
  drained.warm.keep(withDrains(state, withDrain(state.drains, standby, 60_000)))
  expect([world.asked, drained.world.asked]).toEqual([0, 0])
})
