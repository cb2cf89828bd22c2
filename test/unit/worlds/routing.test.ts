// The choice in every world of three nodes, over what the judge says of it: whatever is asked for, nobody is written to
// but the one named, and nobody waits for a read that a fit standby could serve.
import { describe, expect, test } from 'vitest'
import type { Target } from '../../../src/config/settings.ts'
import { type ClusterState, nextState } from '../../../src/failover/cluster-state.ts'
import { fitNodes, type RoutingTable } from '../../../src/routing/fitness.ts'
import { type Intent, ownRequest, readRequest, writeRequest } from '../../../src/routing/request.ts'
import { writableNode } from '../../../src/split-brain/verdict.ts'
import { findNode } from '../../../src/topology/cluster-view.ts'
import { learn, longName, POLICY } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'
import {
  allLives,
  describeWorld,
  FOLLOWERS,
  MEMORIES,
  NAMES,
  POLICIES,
  statesOf,
  type World,
} from './world.ts'

const TARGETS: readonly Target[] = [
  ...(['any', 'read-write', 'primary', 'read-only', 'standby', 'prefer-standby', 'prefer-primary'] as const),
]
const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxMillis: Number.POSITIVE_INFINITY }

function* routedWorlds(): Generator<World> {
  for (const lives of allLives()) {
    for (const followers of FOLLOWERS.slice(1, 4)) {
      for (const memory of MEMORIES) {
        for (const policy of POLICIES) {
          if (policy.splitBrain !== 'off') yield { lives, followers, memory, policy }
        }
      }
    }
  }
}

function fitOf(
  state: ClusterState,
  target: Target,
  intent: Intent,
  staleBeforeMillis = 0,
): readonly string[] {
  const table: RoutingTable = { ...state, limits: NO_LIMITS, staleBeforeMillis }
  return fitNodes(table, { target, intent }).map((node) => node.name)
}

/** What is wrong with a state; empty where the claim holds. */
const CLAIMS: Readonly<Record<string, (state: ClusterState) => readonly string[]>> = {
  'a primary that is used unrestricted is the one named': (state) => {
    const named = writableNode(state.verdict)
    return TARGETS.flatMap((target) =>
      fitOf(state, target, 'write').filter((node) => {
        const isStandby = findNode(state.view, node)?.state === 'standby'
        const wantsPrimary = target === 'primary' || target === 'read-write'
        return node !== named && (wantsPrimary || !isStandby)
      }),
    )
  },
  'what cannot be relied on is never used: stale, unknown, down': (state) =>
    TARGETS.flatMap((target) =>
      [...fitOf(state, target, 'write'), ...fitOf(state, target, 'read')].filter((node) => {
        const known = findNode(state.view, node)?.state
        return state.verdict.stale.includes(node) || (known !== 'primary' && known !== 'standby')
      }),
    ),
  'a read finds every standby there is, and a named primary where there is none': (state) => {
    const standbys = state.view.nodes.filter((node) => node.state === 'standby').map((node) => node.name)
    const named = writableNode(state.verdict)
    const found = fitOf(state, 'prefer-standby', 'read').join()
    const strict = fitOf(state, 'standby', 'read').join()
    const expected = standbys.length > 0 ? standbys.join() : named
    const isRight = strict === standbys.join() && (expected === null || found === expected)
    return isRight || state.verdict.rule === 'starting' ? [] : [`'${found}' of '${standbys}'`]
  },
  'a named primary can always be written to': (state) => {
    const found = fitOf(state, 'primary', 'write').join()
    return found === (writableNode(state.verdict) ?? '') ? [] : [found]
  },
  'an old belief is not acted on': (state) =>
    (['any', 'prefer-standby'] as const).flatMap((target) =>
      fitOf(state, target, 'read', 150).filter(
        (node) => (findNode(state.view, node)?.checkedAtMillis ?? 0) < 150,
      ),
    ),
}

describe('in every world of three nodes', () => {
  const violations = new Map<string, string[]>(Object.keys(CLAIMS).map((claim) => [claim, []]))
  for (const world of routedWorlds()) {
    for (const state of statesOf(world)) {
      for (const [claim, faults] of Object.entries(CLAIMS)) {
        for (const fault of faults(state)) violations.get(claim)?.push(`${fault}: ${describeWorld(world)}`)
      }
    }
  }

  test.each(Object.keys(CLAIMS))('%s', (claim) => {
    expect(violations.get(claim)?.slice(0, 10)).toEqual([])
  })
})

describe('a node of another cluster', () => {
  test('is never used, whichever of the three it is and whatever it says', () => {
    const violations: string[] = []
    for (const lives of allLives()) {
      for (const alien of NAMES) {
        const world: World = { lives, followers: [0, 0, 0], memory: MEMORIES[1] ?? {}, policy: POLICY }
        for (const role of ['primary tl=9 followers=5', 'standby']) {
          const state = withAlien(world, alien, role)
          for (const target of TARGETS) {
            const used = [...fitOf(state, target, 'write'), ...fitOf(state, target, 'read')]
            if (used.includes(longName(alien))) violations.push(`${alien} ${role}: ${describeWorld(world)}`)
          }
        }
      }
    }
    expect(violations).toEqual([])
  })
})

describe('requests', () => {
  test('only the strict read targets of a pool are kept read-only by force', () => {
    const intents = TARGETS.map((target) => ownRequest(target).intent)
    expect(intents).toEqual(['write', 'write', 'write', 'read', 'read', 'write', 'write'])
  })

  test('pool.read asks for a standby first, unless the pool is strict already', () => {
    const requests = TARGETS.map((target) => readRequest(target))
    expect(requests.map((request) => request.intent)).toEqual(TARGETS.map(() => 'read'))
    expect(requests.map((request) => request.target)).toEqual([
      ...['prefer-standby', 'prefer-standby', 'prefer-standby', 'read-only', 'standby'],
      ...['prefer-standby', 'prefer-standby'],
    ])
  })

  test('pool.write asks for a primary that takes writes, unless any primary will do', () => {
    const requests = TARGETS.map((target) => writeRequest(target))
    expect(requests.map((request) => request.intent)).toEqual(TARGETS.map(() => 'write'))
    expect(requests.map((request) => request.target)).toEqual([
      ...['read-write', 'read-write', 'primary', 'read-write', 'read-write', 'read-write', 'read-write'],
    ])
  })
})

/** The last state of the world, after one of its nodes has turned out to be of another cluster. */
function withAlien(world: World, alien: string, role: string): ClusterState {
  const state = [...statesOf(world)].at(-1)
  if (state === undefined) throw new Error('A state was expected')
  const nowMillis = 30_000
  const result = sighting(`${role} system=9999`, nowMillis)
  const view = learn(state.view, longName(alien), { result, nowMillis })
  return nextState(state, view, { policy: POLICY, nowMillis })
}
