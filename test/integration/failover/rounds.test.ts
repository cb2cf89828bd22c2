// A hundred faults in a row on one cluster and one pool, under load. ROUNDS and SEED in the environment change the run.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until, untilCluster } from '../../support/await-event.ts'
import { pick, seededRandom } from '../../support/seeded-random.ts'
import { audit, createTable, Workload } from '../../support/workload.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 100)
const SEED = Number(process.env.SEED ?? 20_261_123)

let cluster: Cluster
let pool: Pool
let workload: Workload

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, synchronous: true })
  // Half the default time-outs, so that a hundred rounds fit into minutes.
  pool = new Pool({
    connectionString: cluster.url,
    max: 6,
    probeIntervalMillis: 500,
    probeTimeoutMillis: 500,
  })
  await createTable(pool, 'rounds')
  await cluster.waitForReplication()
  workload = new Workload(pool, 'rounds', { writers: 4, readers: 2 })
})
afterAll(async () => {
  await cluster.stop()
})

function aStandby(random: () => number): ClusterNode {
  return pick(cluster.standbys, random)
}

/** Each fault leaves a cluster of one primary and two streaming standbys behind. */
const FAULTS: Readonly<Record<string, (random: () => number) => Promise<void>>> = {
  async kill() {
    const old = cluster.primary
    await old.kill()
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    await old.rejoin()
  },
  async switchover() {
    const old = cluster.primary
    await old.stop({ mode: 'fast' })
    await (await cluster.mostAdvancedStandby()).promote()
    await old.rejoin()
  },
  async pause() {
    const old = cluster.primary
    await old.pause()
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    await old.resume()
    await old.rejoin()
  },
  async blackhole() {
    const old = cluster.primary
    await old.blackhole()
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    await old.heal()
    await old.rejoin()
  },
  async 'two primaries'() {
    const old = cluster.primary
    await (await cluster.mostAdvancedStandby()).promote()
    await workload.acknowledgedAfter()
    await old.rejoin()
  },
  async 'restart of the primary'() {
    await cluster.primary.kill()
    await cluster.primary.start()
  },
  async 'death of a standby'(random) {
    const standby = aStandby(random)
    await standby.kill()
    await workload.acknowledgedAfter()
    await standby.start()
  },
  async 'short silence of the primary'() {
    await cluster.primary.pause()
    await untilCluster(pool, ({ primary }) => primary === null)
    await cluster.primary.resume()
  },
  async 'reset of every connection'() {
    for (const node of cluster.nodes) await node.reset()
  },
}

test(`${ROUNDS} faults, seed ${SEED}: no hang, nothing lost, nothing doubled, nothing left behind`, {
  timeout: 15_000 * ROUNDS,
}, async () => {
  const random = seededRandom(SEED)
  const names = Object.keys(FAULTS)
  for (let round = 0; round < ROUNDS; round++) {
    const name = pick(names, random)
    const done = FAULTS[name]?.(random)
    await Promise.race([done, failAfter(30_000, `round ${round} (${name}, seed ${SEED}) hangs`)])
    await Promise.race([
      workload.acknowledgedAfter(),
      failAfter(15_000, `no write after round ${round} (${name}, seed ${SEED})`),
    ])
  }
  const books = await workload.stop()
  const { lost, doubled, unexpected } = await audit(books, cluster.primary, 'rounds')
  expect({ lost, doubled, unexpected }).toEqual({ lost: [], doubled: [], unexpected: [] })
  const surprising = [...books.errors.keys()].filter((kind) => !EXPECTED.has(kind))
  expect(surprising).toEqual([])
  await until(() => (pool.totalCount === pool.idleCount && pool.waitingCount === 0 ? true : null), 'rest')
  await pool.end()
  expect({ total: pool.totalCount, waiting: pool.waitingCount }).toEqual({ total: 0, waiting: 0 })
})

/** The outcome is unknown and the caller is told so; or a read was cut off where it was tried again, too. */
const EXPECTED = new Set([
  'PGHA_OUTCOME_UNKNOWN',
  '57P01',
  'read ECONNRESET',
  'read Connection terminated unexpectedly',
])

function failAfter(millis: number, message: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(message)), millis).unref()
  })
}
