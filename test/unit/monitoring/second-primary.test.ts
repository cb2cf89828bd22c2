// How soon a second primary is noticed, confirmed and decided about, in looks and in the steady interval, over virtual time:
// a promotion at every moment between two looks.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Coordinator } from '../../../src/monitoring/coordinator.ts'
import { writableNode } from '../../../src/split-brain/verdict.ts'
import { hosts, longName, POLICY, shortName } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'

const STEADY_MILLIS = 1000
/** Of the steady rhythm: a tenth more or less. */
const LONGEST_MILLIS = 1100
const ROUND_TRIP_MILLIS = 5
/** Looks at once that follow one another come no thicker. */
const GAP_MILLIS = 10
const PHASES = Array.from({ length: 8 }, (_, i) => i * 140)

const FOLLOWS_A = 'standby tl=1 follows=a receiving=yes'
const CALM = { a: 'primary tl=1 followers=2 own=a', b: FOLLOWS_A, c: FOLLOWS_A }
/** Nobody has moved yet. */
const PROMOTED = { a: 'primary tl=1 followers=1 own=a', b: 'primary tl=2 followers=0 own=b', c: FOLLOWS_A }
const MOVED = {
  a: 'primary tl=1 followers=0 own=a',
  b: 'primary tl=2 followers=1 own=b',
  c: 'standby tl=2 follows=b receiving=yes',
}

type Sights = Readonly<Record<string, string>>

/** A pool's view of three servers, each of which shows what it is when it is asked. */
function setUp(random: number) {
  const world = { sights: CALM as Sights, looks: { a: 0, b: 0, c: 0 } as Record<string, number> }
  const nothing = (): void => {}
  let readings = 0
  // No two readings of a real clock are alike.
  const clock = (): number => Date.now() + readings++ * 1e-6
  const coordinator = new Coordinator({
    hosts: hosts(['a', 'b', 'c']).map((host, i) => ({ ...host, hostaddr: `10.0.0.${i + 1}` })),
    policy: POLICY,
    lookerFor: ({ name }) => ({
      probe: () => {
        const node = shortName(name)
        world.looks[node] = (world.looks[node] ?? 0) + 1
        const result = sighting(world.sights[node] ?? 'refused', clock())
        // Its answer, on its way.
        return new Promise((resolve) => {
          setTimeout(() => resolve(result), ROUND_TRIP_MILLIS)
        })
      },
      close: nothing,
    }),
    trace: async (_, timeline) => ({ timeline, history: null }),
    manager: [],
    steadyMillis: STEADY_MILLIS,
    names: { timeoutMillis: 1000, recheckMillis: 10_000 },
    clock,
    random: () => random,
    effects: { forget: nothing, invalidate: nothing, destroyLeased: nothing, wake: nothing, emit: nothing },
  })
  const show = (sights: Sights): void => {
    world.sights = sights
    world.looks = { a: 0, b: 0, c: 0 }
  }
  /** How long it takes until this one is written to. */
  const until = async (node: string | null): Promise<number> => {
    const since = Date.now()
    const wanted = node === null ? null : longName(node)
    while (writableNode(coordinator.state.verdict) !== wanted) {
      if (Date.now() - since > 60_000) throw new Error(`Waited in vain for ${node}`)
      await vi.advanceTimersByTimeAsync(1)
    }
    return Date.now() - since
  }
  return { world, coordinator, show, until }
}

async function calm(phase: number, random: number) {
  const scene = setUp(random)
  scene.coordinator.start()
  await scene.until('a')
  await vi.advanceTimersByTimeAsync(2 * STEADY_MILLIS + phase)
  return scene
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each([0, 0.5, 0.999])('with a jitter of %s', (random) => {
  test('looks alone notice it within one interval, and the look that confirms it decides', async () => {
    for (const phase of PHASES) {
      const { world, coordinator, show, until } = await calm(phase, random)
      show(MOVED)
      const noticed = await until(null)
      expect(noticed).toBeLessThanOrEqual(LONGEST_MILLIS + ROUND_TRIP_MILLIS)
      // Its follower may have told of it before.
      expect(await until('b')).toBeLessThanOrEqual(2 * (ROUND_TRIP_MILLIS + GAP_MILLIS))
      expect(world.looks.b).toBeLessThanOrEqual(2)
      expect(world.looks.c).toBeLessThanOrEqual(3)
      coordinator.close()
    }
  })

  test('a sign of it has all nodes looked at, and one look is enough to leave the first', async () => {
    for (const phase of PHASES) {
      const { world, coordinator, show, until } = await calm(phase, random)
      show(MOVED)
      coordinator.lookNow()
      expect(await until(null)).toBeLessThanOrEqual(2 * ROUND_TRIP_MILLIS + GAP_MILLIS)
      expect(await until('b')).toBeLessThanOrEqual(2 * ROUND_TRIP_MILLIS + GAP_MILLIS)
      // One may have been on its way when the sign came.
      expect(world.looks.b).toBeLessThanOrEqual(3)
      coordinator.close()
    }
  })

  test('while nothing decides the looks come thick: a follower that moves is seen long before the interval is over', async () => {
    for (const phase of PHASES) {
      const { world, coordinator, show, until } = await calm(phase, random)
      show(PROMOTED)
      await until(null)
      await vi.advanceTimersByTimeAsync(3000 + phase)
      expect(writableNode(coordinator.state.verdict)).toBeNull()
      show(MOVED)
      expect(await until('b')).toBeLessThanOrEqual(STEADY_MILLIS / 4)
      expect(world.looks.b).toBeLessThanOrEqual(2)
      coordinator.close()
    }
  })

  test('one that nobody follows stops writes for one settling time, and no longer', async () => {
    const { coordinator, show, until } = await calm(0, random)
    show(PROMOTED)
    await until(null)
    expect(await until('a')).toBeLessThanOrEqual(POLICY.settleMillis + ROUND_TRIP_MILLIS + GAP_MILLIS)
    coordinator.close()
  })
})
