// A second primary beside the first: how soon it is noticed, by the looks alone and by each cheaper sign; how soon writes go
// on once something decides; and for how long they pause where nothing does. In intervals of the steady looks.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cluster, ClusterNode } from '../src/testing/index.ts'
import { DEADLINE_MILLIS, firstWriteThrough, type OurPool, pause, untilCalm } from './rounds.ts'
import { type Spread, spread } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface Notice {
  /** From the moment that the second one takes writes until the first is not written to, by what tells of it. */
  readonly noticed: Readonly<Record<Sign, Spread>>
  /** From the moment that the deciding evidence is there until a write is acknowledged, by the evidence. */
  readonly resumed: { readonly follower: Spread; readonly manager: Spread }
  /** In settling times: from the promotion of one that nobody follows until a write is acknowledged. */
  readonly settled: Spread
  readonly rounds: { readonly noticed: number; readonly settled: number }
}

export type Sign = keyof ReturnType<typeof poolsBySign>

export const INTERVAL_MILLIS = 1000
const SETTLE_MILLIS = 10_000

interface Scene {
  readonly cluster: Cluster
  readonly agent: Agent
  readonly notes: Record<string, number[]>
}

export async function measureNotice(
  { rounds, settledRounds }: { rounds: number; settledRounds: number },
  report: (text: string) => void,
): Promise<Notice> {
  await using cluster = await startCluster({ nodes: 3 })
  const agent = await startAgent(cluster)
  const scene: Scene = { cluster, agent, notes: {} }
  try {
    await cluster.primary.query('create table bench_rounds (at timestamptz default clock_timestamp())')
    for (let round = 0; round < rounds; round++) {
      await followedPromotion(scene)
      await managedPromotion(scene)
      report(`second primary ${round + 1} of ${rounds}`)
    }
    for (let round = 0; round < settledRounds; round++) {
      await unfollowedPromotion(scene)
      report(`second primary without followers ${round + 1} of ${settledRounds}`)
    }
  } finally {
    agent.close()
  }
  const of = (name: string): Spread => spread(scene.notes[name] ?? [])
  return {
    noticed: { looks: of('looks'), connection: of('connection'), manager: of('manager') },
    resumed: { follower: of('follower'), manager: of('word') },
    settled: of('settled'),
    rounds: { noticed: rounds, settled: settledRounds },
  }
}

/** Each tells of a second primary by one sign more than looks. */
function poolsBySign({ cluster, agent }: Scene) {
  const ours = (options: object = {}): OurPool => {
    const pool = new Pool({
      ...{ connectionString: cluster.url, probeIntervalMillis: INTERVAL_MILLIS },
      ...{ failoverTimeoutMillis: 2 * DEADLINE_MILLIS, startupGraceMillis: 5000 },
      ...options,
    })
    // Its report would go to the terminal.
    pool.on('splitBrain', () => {})
    return pool
  }
  return { looks: ours(), connection: ours(), manager: ours({ patroni: { urls: [agent.url] } }) }
}

async function withPools(
  scene: Scene,
  names: readonly Sign[],
  work: (pools: Readonly<Record<Sign, OurPool>>) => Promise<void>,
): Promise<void> {
  scene.agent.lead(scene.cluster.primary)
  const pools = poolsBySign(scene)
  try {
    for (const name of names) {
      await firstWriteThrough(pools[name], {})
      await untilCalm(pools[name], scene.cluster)
    }
    // Somewhere between two looks.
    await pause(INTERVAL_MILLIS * (1 + Math.random()))
    await work(pools)
  } finally {
    await Promise.all(Object.values(pools).map((pool) => pool.end()))
  }
}

/** No manager; the followers come to the new one after a while. */
async function followedPromotion(scene: Scene): Promise<void> {
  const { cluster } = scene
  const old = cluster.primary
  const [next, other] = cluster.standbys as [ClusterNode, ClusterNode]
  await withPools(scene, ['looks', 'connection'], async ({ looks, connection }) => {
    const stop = keepReading(connection)
    await next.promote({ repoint: false })
    const promotedAt = performance.now()
    const [byLooks, byConnection] = await Promise.all([left(looks, old), left(connection, old)])
    stop()
    note(scene, 'looks', byLooks - promotedAt)
    note(scene, 'connection', byConnection - promotedAt)
    const written = firstWriteThrough(looks, {})
    await other.rejoin()
    const movedAt = performance.now()
    note(scene, 'follower', (await written) - movedAt)
  })
  await old.rejoin()
}

/** The manager says who leads just before the promotion, and nobody follows the new one yet. */
async function managedPromotion(scene: Scene): Promise<void> {
  const { cluster, agent } = scene
  const old = cluster.primary
  const [next, other] = cluster.standbys as [ClusterNode, ClusterNode]
  await withPools(scene, ['manager'], async ({ manager }) => {
    agent.lead(next)
    await next.promote({ repoint: false })
    const promotedAt = performance.now()
    note(scene, 'manager', (await left(manager, old)) - promotedAt)
    note(scene, 'word', (await firstWriteThrough(manager, {})) - promotedAt)
  })
  await Promise.all([old.rejoin(), other.rejoin()])
}

/** By hand; the followers stay where they are. */
async function unfollowedPromotion(scene: Scene): Promise<void> {
  const { cluster } = scene
  const old = cluster.primary
  const next = cluster.standbys[0] as ClusterNode
  await withPools(scene, ['looks'], async ({ looks }) => {
    await next.promote({ repoint: false })
    const promotedAt = performance.now()
    await left(looks, old)
    const millis = (await firstWriteThrough(looks, {})) - promotedAt
    scene.notes.settled = [...(scene.notes.settled ?? []), millis / SETTLE_MILLIS]
  })
  await next.rejoin({ from: old })
}

/** When it no longer writes to the primary of before. */
async function left(pool: OurPool, { host, port }: ClusterNode): Promise<number> {
  const until = performance.now() + DEADLINE_MILLIS
  while (pool.cluster.primary === `${host}:${port}`) {
    if (performance.now() > until) throw new Error('The second primary was not noticed')
    await pause(1)
  }
  return performance.now()
}

/** As an application has it: some statement is always on its way to a standby. */
function keepReading(pool: OurPool): () => void {
  let isOver = false
  const read = async (): Promise<void> => {
    while (!isOver) {
      await pool.read.query('select 1').catch(() => {})
      await pause(10)
    }
  }
  for (let i = 0; i < 4; i++) void read()
  return () => {
    isOver = true
  }
}

interface Agent {
  readonly url: string
  lead(node: ClusterNode): void
  close(): void
}

/** Says of one node that it leads, as Patroni's agents would. */
async function startAgent(cluster: Cluster): Promise<Agent> {
  let leader = ''
  const server = createServer(({ url }, response) => {
    const members = cluster.nodes.map(({ host, port, name }) => ({
      ...{ name, host, port, state: 'running', role: name === leader ? 'leader' : 'replica' },
    }))
    if (url === '/cluster') response.end(JSON.stringify({ members }))
    else response.writeHead(503).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: ({ name }) => {
      leader = name
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function note({ notes }: Scene, name: string, millis: number): void {
  notes[name] = [...(notes[name] ?? []), Math.max(0, millis) / INTERVAL_MILLIS]
}
