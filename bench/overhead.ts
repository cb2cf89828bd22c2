// Throughput and latency of a statement through pg.Pool and through ours, in short slices that alternate, so that whatever
// else the machine does meets both alike.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PoolName, Slice, SliceOrder, Work } from './overhead-caller.ts'
import { median, quantile, type Spread, spread } from './statistics.ts'
import { startCluster } from './subject.ts'

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

const WARM_UP_MILLIS = 1000
const DEADLINE_MILLIS = 20_000

export async function measureOverhead(
  plan: OverheadPlan,
  report: (text: string) => void,
): Promise<Record<string, Overhead>> {
  await using cluster = await startCluster({ nodes: 3 })
  const theirs = startCaller('pg', cluster.primary.directUrl)
  const ours = startCaller('ours', cluster.directUrl)
  const results: Record<string, Overhead> = {}
  try {
    for (const callers of plan.callers) {
      results[callers] = await compare({ theirs, ours }, { ...plan, callers, work: 'select' })
      report(`${callers} callers done`)
    }
  } finally {
    await stopCallers([theirs, ours])
  }
  return results
}

export function startCaller(name: PoolName, url: string): ChildProcess {
  const file = fileURLToPath(new URL('overhead-caller.ts', import.meta.url))
  return fork(file, [name, url], { execArgv: ['--import', 'tsx'] })
}

/** Before their servers stop: pg.Pool does not survive that. */
export async function stopCallers(callers: readonly ChildProcess[]): Promise<void> {
  const ended = callers.map((caller) => once(caller, 'exit'))
  for (const caller of callers) caller.disconnect()
  await Promise.all(ended)
}

export async function compare(
  { theirs, ours }: { theirs: ChildProcess; ours: ChildProcess },
  { work, callers, pairs, sliceMillis }: { work: Work; callers: number; pairs: number; sliceMillis: number },
): Promise<Overhead> {
  for (const caller of [theirs, ours]) await slice(caller, { work, callers, millis: WARM_UP_MILLIS })
  const ratios: number[] = []
  const slices: { pg: Slice[]; ours: Slice[] } = { pg: [], ours: [] }
  for (let pair = 0; pair < pairs; pair++) {
    // ABBA: what drifts favours each of them as often as the other.
    const oursFirst = pair % 2 === 1
    const first = await slice(oursFirst ? ours : theirs, { work, callers, millis: sliceMillis })
    const second = await slice(oursFirst ? theirs : ours, { work, callers, millis: sliceMillis })
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

async function slice(caller: ChildProcess, order: SliceOrder): Promise<Slice> {
  const answer = once(caller, 'message', { signal: AbortSignal.timeout(order.millis + DEADLINE_MILLIS) })
  caller.send(order)
  const [result] = (await answer) as [Slice]
  return result
}
