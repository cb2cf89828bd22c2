// Which standbys a request of a session may go to, and again, as it asks them; without a server.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Attempt, Lease } from '../../../src/pooling/attempt.ts'
import type { NodePool } from '../../../src/pooling/node-pool.ts'
import { SessionKeeper } from '../../../src/pooling/session-keeper.ts'
import type { TrackedClient } from '../../../src/pooling/tracked-client.ts'
import { ReadSession } from '../../../src/routing/read-session.ts'
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

/** One session that must see FLOOR, and one of its reads; b has not replayed that far. */
function setUp() {
  const world = { replayed: 0x100, rerouted: 0, outcomes: [] as (Lease | Error | null | undefined)[] }
  const sightings = { a: 'primary tl=1 write=0/300', b: 'standby replay=0/100' }
  const view = Object.entries(sightings).reduce(
    (before, [node, text]) => learn(before, longName(node), { result: sighting(text, 0), nowMillis: 0 }),
    initialView(hosts(Object.keys(sightings)), 0),
  )
  const [, standby] = view.nodes as [NodeView, NodeView]
  const session = new ReadSession()
  session.mustSee({ timeline: 1, position: FLOOR }, performance.now())
  const keeper = new SessionKeeper({
    clock: () => performance.now(),
    state: () => ({ view, primary: longName('a') }),
    askPosition: async () => null,
    wake: () => {},
    reroute: () => {
      world.rerouted += 1
    },
  })
  const attempt: Attempt = {
    request: { target: 'standby', intent: 'read' },
    failures: 0,
    sinceMillis: null,
    callback: (error, lease) => world.outcomes.push(lease ?? error),
  }
  keeper.run(session, () => keeper.attach(attempt))
  const lsn = (): string => `0/${world.replayed.toString(16)}`
  const client = { query: async () => ({ rows: [{ lsn: lsn() }] }) } as unknown as TrackedClient
  const pool = { node: standby.name } as NodePool
  const arrive = async (): Promise<void> => {
    attempt.callback(undefined, { client, pool, release: () => {} })
    await vi.advanceTimersByTimeAsync(20)
  }
  return { world, arrive, accepts: () => attempt.accepts?.(standby) }
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
