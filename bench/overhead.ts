// Throughput and latency of `select 1` through pg.Pool and through ours, in short slices that alternate, so that whatever
// else the machine does meets both alike.
import pg from 'pg'
import { quantile, type Spread, spread } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface Overhead {
  /** Ours to pg.Pool's, of each pair of slices. */
  readonly ratio: Spread
  readonly pairs: number
  readonly perSecond: { readonly pg: number; readonly ours: number }
  readonly p99Millis: { readonly pg: number; readonly ours: number }
}

export interface OverheadPlan {
  readonly callers: readonly number[]
  readonly pairs: number
  readonly sliceMillis: number
}

interface Queryable {
  query(text: string): Promise<unknown>
}

interface Slice {
  readonly perSecond: number
  readonly latencies: readonly number[]
}

const MAX_CONNECTIONS = 10
const WARM_UP_MILLIS = 1000

export async function measureOverhead(
  plan: OverheadPlan,
  report: (text: string) => void,
): Promise<Record<string, Overhead>> {
  await using cluster = await startCluster({ nodes: 3 })
  const theirs = new pg.Pool({ connectionString: cluster.primary.directUrl, max: MAX_CONNECTIONS })
  const ours = new Pool({ connectionString: cluster.directUrl, max: MAX_CONNECTIONS })
  const results: Record<string, Overhead> = {}
  try {
    for (const callers of plan.callers) {
      results[callers] = await compare({ theirs, ours }, { ...plan, callers })
      report(`${callers} callers done`)
    }
  } finally {
    await Promise.all([theirs.end(), ours.end()])
  }
  return results
}

async function compare(
  { theirs, ours }: { theirs: Queryable; ours: Queryable },
  { callers, pairs, sliceMillis }: { callers: number; pairs: number; sliceMillis: number },
): Promise<Overhead> {
  for (const pool of [theirs, ours]) await slice(pool, callers, WARM_UP_MILLIS)
  const ratios: number[] = []
  const sums = { pg: 0, ours: 0 }
  const latencies: { pg: number[]; ours: number[] } = { pg: [], ours: [] }
  for (let pair = 0; pair < pairs; pair++) {
    // ABBA: what drifts favours each of them as often as the other.
    const oursFirst = pair % 2 === 1
    const first = await slice(oursFirst ? ours : theirs, callers, sliceMillis)
    const second = await slice(oursFirst ? theirs : ours, callers, sliceMillis)
    const [a, b] = oursFirst ? [second, first] : [first, second]
    ratios.push(b.perSecond / a.perSecond)
    sums.pg += a.perSecond
    sums.ours += b.perSecond
    for (const latency of a.latencies) latencies.pg.push(latency)
    for (const latency of b.latencies) latencies.ours.push(latency)
  }
  return {
    ratio: spread(ratios),
    pairs,
    perSecond: { pg: sums.pg / pairs, ours: sums.ours / pairs },
    p99Millis: { pg: quantile(latencies.pg, 0.99), ours: quantile(latencies.ours, 0.99) },
  }
}

async function slice(pool: Queryable, callers: number, millis: number): Promise<Slice> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + millis
  const call = async (): Promise<void> => {
    for (let now = performance.now(); now < endsAt; ) {
      await pool.query('select 1')
      const answeredAt = performance.now()
      latencies.push(answeredAt - now)
      now = answeredAt
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  return { perSecond: latencies.length / ((performance.now() - startedAt) / 1000), latencies }
}
