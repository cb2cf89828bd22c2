// Which standbys a request of a session may go to, and again, as it asks them; without a server.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Attempt, Lease } from '../../../src/pooling/attempt.ts'
import type { NodePool } from '../../../src/pooling/node-pool.ts'
import { SessionKeeper } from '../../../src/pooling/session-keeper.ts'
import type { TrackedClient } from '../../../src/pooling/tracked-client.ts'
import { ReadSession } from '../../../src/routing/read-session.ts'
import type { RouteRequest } from '../../../src/routing/request.ts'
import { initialView } from '../../../src/topology/cluster-view.ts'
import type { NodeView } from '../../../src/topology/node-view.ts'
import { hosts, learn, longName } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'

const FLOOR = 0x200

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const READ: RouteRequest = { target: 'standby', intent: 'read' }

/** One session that must see FLOOR, and one of its requests; b has not replayed that far. */
function setUp({ request = READ, timeline = 1 } = {}) {
  const world = {
    ...{ replayed: 0x100, rerouted: 0, looks: 0, positionsAsked: 0 },
    outcomes: [] as (Lease | Error | null | undefined)[],
  }
  const sightings = { a: 'primary tl=1 write=0/300', b: 'standby replay=0/100' }
  const view = Object.entries(sightings).reduce(
    (before, [node, text]) => learn(before, longName(node), { result: sighting(text, 0), nowMillis: 0 }),
    initialView(hosts(Object.keys(sightings)), 0),
  )
  const [primary, standby] = view.nodes as [NodeView, NodeView]
  // After the looks.
  vi.advanceTimersByTime(1)
  const session = new ReadSession()
  session.mustSee({ timeline, position: FLOOR }, performance.now())
  const keeper = new SessionKeeper({
    clock: () => performance.now(),
    state: () => ({ view, primary: longName('a') }),
    askPosition: async () => {
      world.positionsAsked += 1
      return null
    },
    look: () => {
      world.looks += 1
    },
    wake: () => {},
    reroute: () => {
      world.rerouted += 1
    },
  })
  const attempt: Attempt = {
    request,
    failures: 0,
    sinceMillis: null,
    callback: (error, lease) => world.outcomes.push(lease ?? error),
  }
  keeper.run(session, () => keeper.attach(attempt))
  const lsn = (): string => `0/${world.replayed.toString(16)}`
  const client = { query: async () => ({ rows: [{ lsn: lsn() }] }) } as unknown as TrackedClient
  const arrive = async ({ name: node } = standby): Promise<void> => {
    attempt.callback(undefined, { client, pool: { node } as NodePool, release: () => {} })
    await vi.advanceTimersByTimeAsync(20)
  }
  return { world, arrive, primary, accepts: (node = standby) => attempt.accepts?.(node) }
}

test('a standby that had not replayed enough is not asked again at once', async () => {
  const { world, arrive, accepts } = setUp()
  expect(accepts()).toBe(true)
  await arrive()
  expect({ ...world, accepts: accepts() }).toMatchObject({ rerouted: 1, outcomes: [], accepts: false })
})

test('it is asked again later by the same request, and serves it once it has', async () => {
  const { world, arrive, accepts } = setUp()
  await arrive()
  await vi.advanceTimersByTimeAsync(500)
  expect(accepts()).toBe(true)
  world.replayed = FLOOR
  await arrive()
  expect(world.outcomes).toMatchObject([{ pool: { node: longName('b') } }])
})

describe('a request of a session that may write, where a standby will do', () => {
  const request: RouteRequest = { target: 'prefer-standby', intent: 'write' }

  test('goes to a standby that shows what the session has written, and to no other', async () => {
    const { world, arrive } = setUp({ request })
    await arrive()
    expect(world).toMatchObject({ rerouted: 1, outcomes: [] })
    await vi.advanceTimersByTimeAsync(500)
    world.replayed = FLOOR
    await arrive()
    const [lease] = world.outcomes as [Lease]
    lease.release()
    expect(world).toMatchObject({ rerouted: 1, positionsAsked: 0 })
  })

  test('counts as a write where the primary serves it', async () => {
    const { world, arrive, primary } = setUp({ request })
    await arrive(primary)
    const [lease] = world.outcomes as [Lease]
    lease.release()
    expect(world.positionsAsked).toBe(1)
  })
})

test('one that only the primary will do for is not held up by what the session must see', () => {
  const { accepts } = setUp({ request: { target: 'read-write', intent: 'write' } })
  expect(accepts()).toBeUndefined()
})

test('a session from a newer timeline has all nodes looked at before the primary of now serves it', () => {
  const { world, accepts, primary } = setUp({ timeline: 2 })
  expect({ looks: world.looks, accepts: accepts(primary) }).toEqual({ looks: 1, accepts: false })
  const known = setUp()
  expect({ looks: known.world.looks, accepts: known.accepts(known.primary) }).toEqual({
    looks: 0,
    accepts: true,
  })
})
