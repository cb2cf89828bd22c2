// Throughput and latency of `select 1` through pg.Pool and through ours, in short slices that alternate, so that whatever
// else the machine does meets both alike.
import pg from 'pg'
import { median, quantile, type Spread, spread } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface Overhead {
  /** Ours to pg.Pool's, of each pair of slices. */
  readonly ratio: Spread
  readonly pairs: number
  readonly perSecond: { readonly pg: number; readonly ours: number }
  readonly p99Millis: { readonly pg: number; readonly ours: number }
  /** Processor time of this process for one query, median of the slices. */
  readonly cpuMicros: { readonly pg: number; readonly ours: number }
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
  readonly cpuMicros: number
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
  const slices: { pg: Slice[]; ours: Slice[] } = { pg: [], ours: [] }
  for (let pair = 0; pair < pairs; pair++) {
    // ABBA: what drifts favours each of them as often as the other.
    const oursFirst = pair % 2 === 1
    const first = await slice(oursFirst ? ours : theirs, callers, sliceMillis)
    const second = await slice(oursFirst ? theirs : ours, callers, sliceMillis)
    const [a, b] = oursFirst ? [second, first] : [first, second]
    ratios.push(b.perSecond / a.perSecond)
    slices.pg.push(a)
    slices.ours.push(b)
  }
  const both = (figure: (slices: readonly Slice[]) => number) => ({
    pg: figure(slices.pg),
    ours: figure(slices.ours),
  })
  return {
    ratio: spread(ratios),
    pairs,
    perSecond: both((of) => median(of.map(({ perSecond }) => perSecond))),
    p99Millis: both((of) =>
      quantile(
        of.flatMap(({ latencies }) => latencies),
        0.99,
      ),
    ),
    cpuMicros: both((of) => median(of.map(({ cpuMicros }) => cpuMicros))),
  }
}

async function slice(pool: Queryable, callers: number, millis: number): Promise<Slice> {
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
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
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    perSecond: latencies.length / seconds,
    cpuMicros: (user + system) / latencies.length,
    latencies,
  }
}
