// A primary that falls silent under load, with the default settings: how long until writes go on at its successor, and how
// long until a statement that was under way on the silent one is told.
import { type Cluster, type ClusterNode, startCluster } from '../src/testing/index.ts'
import { firstWriteThrough, type OurPool, untilCalm } from './rounds.ts'
import { median } from './statistics.ts'
import { Pool } from './subject.ts'

export interface Silence {
  /** From the successor's promotion to the first write through the pool. */
  readonly resumedMillis: { readonly median: number; readonly max: number }
  /** From the silence to the rejection of what was under way. */
  readonly toldMillis: { readonly median: number; readonly max: number }
  readonly rounds: number
}

const KINDS: readonly (readonly [
  (node: ClusterNode) => Promise<void>,
  (node: ClusterNode) => Promise<void>,
])[] = [
  [(node) => node.pause(), (node) => node.resume()],
  [(node) => node.blackhole(), (node) => node.heal()],
]

export async function measureSilence(rounds: number, report: (text: string) => void): Promise<Silence> {
  await using cluster = await startCluster({ nodes: 3 })
  const pool = new Pool({ connectionString: cluster.url })
  const resumed: number[] = []
  const told: number[] = []
  try {
    await pool.query('create table bench_rounds (at timestamptz default clock_timestamp())')
    for (let round = 0; round < rounds; round++) {
      const kind = KINDS[round % KINDS.length]
      if (kind === undefined) continue
      const seen = await oneRound(cluster, pool, kind)
      resumed.push(seen.resumedMillis)
      told.push(seen.toldMillis)
      report(`silence ${round + 1} of ${rounds}: ${seen.resumedMillis.toFixed(0)} ms`)
    }
  } finally {
    await pool.end()
  }
  const summary = (values: readonly number[]) => ({ median: median(values), max: Math.max(...values) })
  return { resumedMillis: summary(resumed), toldMillis: summary(told), rounds }
}

async function oneRound(
  cluster: Cluster,
  pool: OurPool,
  [silence, end]: (typeof KINDS)[number],
): Promise<{ resumedMillis: number; toldMillis: number }> {
  const old = cluster.primary
  await untilCalm(pool, cluster)
  const underWay = pool.query('select pg_sleep(60)').catch(() => performance.now())
  await pool.query('insert into bench_rounds default values')
  await silence(old)
  const silentAt = performance.now()
  const first = firstWriteThrough(pool, {})
  await (await cluster.mostAdvancedStandby()).promote()
  const promotedAt = performance.now()
  const [resumedAt, toldAt] = await Promise.all([first, underWay])
  await end(old)
  await old.rejoin()
  return { resumedMillis: resumedAt - promotedAt, toldMillis: Number(toldAt) - silentAt }
}
