// Every world of three nodes: what each of them may say, what is remembered, what followers show. Played like a script.
import { type ClusterState, initialState, nextState } from '../../../src/failover/cluster-state.ts'
import type { Policy } from '../../../src/split-brain/hearing.ts'
import type { Memory } from '../../../src/split-brain/memory.ts'
import { hosts, learn, longName, POLICY } from '../../support/cluster-script.ts'
import { SYSTEM, sighting } from '../../support/sighting.ts'

export const NAMES = ['a', 'b', 'c'] as const

/** What a node may be at its look: all states, and a primary of two timelines. */
export const LIVES = [
  'unknown',
  'primary tl=1',
  'primary tl=2',
  'standby',
  'starting',
  'unreachable',
  'rejected',
] as const

export type Life = (typeof LIVES)[number]

/** Followers of a, b and c as far as they are primaries; null: they may not be seen. */
export const FOLLOWERS: readonly (readonly (number | null)[])[] = [
  [null, null, null],
  [0, 0, 0],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 2],
  [1, 1, null],
]

const remembering = (incumbent: string, highWaterTimeline: number): Partial<Memory> => ({
  started: true,
  incumbent: longName(incumbent),
  highWaterTimeline,
  systemIdentifier: SYSTEM,
})

export const MEMORIES: readonly Partial<Memory>[] = [{}, remembering('a', 1), remembering('b', 2)]

export const POLICIES: readonly Policy[] = (['refuse', 'warn', 'off'] as const).flatMap((splitBrain) =>
  (['none', 'majority'] as const).map((writeQuorum) => ({ ...POLICY, splitBrain, writeQuorum })),
)

export interface World {
  readonly lives: readonly Life[]
  readonly followers: readonly (number | null)[]
  readonly memory: Partial<Memory>
  readonly policy: Policy
}

export function* allLives(): Generator<readonly Life[]> {
  for (const a of LIVES) for (const b of LIVES) for (const c of LIVES) yield [a, b, c]
}

export function* allWorlds(): Generator<World> {
  for (const lives of allLives()) {
    for (const followers of FOLLOWERS) {
      for (const memory of MEMORIES) for (const policy of POLICIES) yield { lives, followers, memory, policy }
    }
  }
}

/** When the first look, the second and the third are asked: the grace is over, the followers have settled. */
export const LOOKS_MILLIS = [100, 200, 20_000] as const

/** The state after each step of three rounds of looks at a world that does not change, and of the time between them. */
export function* statesOf(world: World): Generator<ClusterState> {
  const { policy } = world
  const first = initialState(hosts(NAMES), policy, 0)
  let state: ClusterState = { ...first, memory: { ...first.memory, ...world.memory } }
  for (const nowMillis of LOOKS_MILLIS) {
    let { view } = state
    for (const [i, node] of NAMES.entries()) {
      const text = sightingText(world, i)
      if (text === null) continue
      view = learn(view, longName(node), { result: sighting(text, nowMillis), nowMillis })
      state = nextState(state, view, { policy, nowMillis })
      yield state
    }
    state = nextState(state, view, { policy, nowMillis: nowMillis + 50 })
    yield state
  }
}

function sightingText({ lives, followers }: World, index: number): string | null {
  const life = lives[index]
  if (life === undefined || life === 'unknown') return null
  const count = followers[index]
  return life.startsWith('primary') && count !== null ? `${life} followers=${count}` : life
}

export function describeWorld({ lives, followers, memory, policy }: World): string {
  const remembered = memory.incumbent ?? 'nothing'
  return `${lives.join(', ')}; followers ${followers.join('/')}; remembers ${remembered}; ${policy.splitBrain}, quorum ${policy.writeQuorum}`
}
