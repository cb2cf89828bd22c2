// Every world of three nodes of which some are standbys that say, or hide, whom they follow; played like a script.
import { type ClusterState, initialState, nextState } from '../../../src/failover/cluster-state.ts'
import type { Policy } from '../../../src/split-brain/hearing.ts'
import type { Memory } from '../../../src/split-brain/memory.ts'
import type { ClusterView } from '../../../src/topology/cluster-view.ts'
import type { ProbeResult } from '../../../src/topology/probe-result.ts'
import { hosts, learn, longName, POLICY } from '../../support/cluster-script.ts'
import { SYSTEM, sighting } from '../../support/sighting.ts'

export const NAMES = ['a', 'b', 'c'] as const
const PRIMARIES = ['primary tl=1', 'primary tl=2', 'primary'] as const
const OTHERS = ['standby receiving=no', 'standby receiving=yes', 'silent', 'refused'] as const
/** The grace is over; each claimant was asked again; the followers have settled. */
export const LOOKS_MILLIS = [100, 200, 20_000] as const

export interface VotingWorld {
  readonly lives: readonly string[]
  /** Whether a primary's own count of its followers may be seen. */
  readonly isCounted: boolean
  readonly memory: Partial<Memory>
  readonly policy: Policy
}

const FENCE = { node: longName('b'), winner: longName('a'), winnerTimeline: 1, sinceMillis: 0 }

const MEMORIES: readonly Partial<Memory>[] = [
  {},
  ...[1, 2].flatMap((highWaterTimeline) =>
    [[], [FENCE]].map((fences) => ({
      ...{ started: true, incumbent: longName('a'), systemIdentifier: SYSTEM, highWaterTimeline, fences },
    })),
  ),
]

/** What may be seen, and what is asked for: counts change nothing of a quorum. */
const SIGHTS = [
  { isCounted: true, writeQuorum: 'none' },
  { isCounted: false, writeQuorum: 'none' },
  { isCounted: false, writeQuorum: 'majority' },
] as const

/** All that the node may be: a follower's vote names either of the others. */
function livesOf(name: string): readonly string[] {
  const votes = NAMES.filter((other) => other !== name).map(
    (other) => `standby receiving=yes follows=${other}`,
  )
  return [...PRIMARIES, ...votes, ...OTHERS]
}

export function* allVotingWorlds(): Generator<VotingWorld> {
  for (const a of livesOf('a')) {
    for (const b of livesOf('b')) {
      for (const c of livesOf('c')) {
        for (const memory of MEMORIES) {
          for (const { isCounted, writeQuorum } of SIGHTS) {
            yield { lives: [a, b, c], isCounted, memory, policy: { ...POLICY, writeQuorum } }
          }
        }
      }
    }
  }
}

/** The state before, and after each look of three rounds at a world that does not change. */
export function* playVoting(world: VotingWorld): Generator<ClusterState> {
  const { memory, policy } = world
  const first = initialState(hosts(NAMES), policy, 0)
  let state: ClusterState = { ...first, memory: { ...first.memory, ...memory } }
  yield state
  const texts = NAMES.map((_, i) => textOf(world, i))
  for (const nowMillis of LOOKS_MILLIS) {
    for (const [i, node] of NAMES.entries()) {
      const result = seen(texts[i] ?? '', nowMillis)
      const view = learn(state.view, longName(node), { result, nowMillis })
      state = nextState(state, view, { policy, nowMillis })
      yield state
    }
  }
}

const sightings = new Map<string, ProbeResult>()

function seen(text: string, nowMillis: number): ProbeResult {
  const key = `${nowMillis} ${text}`
  const known = sightings.get(key) ?? sighting(text, nowMillis)
  sightings.set(key, known)
  return known
}

/** A standby receives the timeline of whom it follows; from one out of sight, a newer one. */
function textOf({ lives, isCounted }: VotingWorld, index: number): string {
  const life = lives[index] ?? ''
  if (life.startsWith('primary')) {
    const followers = lives.filter((other) => other.endsWith(`follows=${NAMES[index]}`)).length
    return isCounted ? `${life} followers=${followers}` : life
  }
  const timeline = receivedTimeline(lives, index)
  return timeline === null ? life : `${life} tl=${timeline}`
}

function receivedTimeline(lives: readonly string[], index: number): number | null {
  const upstream = upstreamOf(lives[index] ?? '')
  if (upstream === null) return null
  const life = lives[upstream] ?? ''
  if (life === 'silent' || life === 'refused') return 2
  return life.startsWith('primary tl=') ? Number(life.at(-1)) : null
}

function upstreamOf(life: string): number | null {
  const name = /follows=(\w)/.exec(life)?.[1]
  return name === undefined ? null : NAMES.indexOf(name as 'a')
}

/** How many standbys stand behind each claimant by their own words, through others or not, as far as they have been seen. */
export function votesIn({ lives }: VotingWorld, view: ClusterView): ReadonlyMap<string, number> {
  const votes = new Map(NAMES.map((name) => [longName(name), 0]))
  const claimants = NAMES.flatMap((name, i) => (view.nodes[i]?.state === 'primary' ? [{ name, i }] : []))
  for (const [i, { state }] of view.nodes.entries()) {
    if (state !== 'standby') continue
    let end = upstreamOf(lives[i] ?? '')
    const passed = new Set([i])
    while (end !== null && view.nodes[end]?.state === 'standby' && !passed.has(end)) {
      passed.add(end)
      end = upstreamOf(lives[end] ?? '')
    }
    const direct = claimants.find((claimant) => claimant.i === end)
    const timeline = receivedTimeline(lives, i)
    const writers = claimants.filter(
      ({ i: at }) => timeline !== null && lives[at]?.endsWith(`tl=${timeline}`),
    )
    const voted = direct ?? (writers.length === 1 ? writers[0] : undefined)
    if (voted !== undefined) votes.set(longName(voted.name), (votes.get(longName(voted.name)) ?? 0) + 1)
  }
  return votes
}
