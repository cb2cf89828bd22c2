// A read-mostly load through pg.Pool on the primary alone, and through ours over the primary and two standbys, in slices
// that alternate. All servers share this machine: what waits shows how reads spread, what computes shows the machine's cores.
import pg from 'pg'
import { untilCalm } from './rounds.ts'
import { median, type Spread, spread } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface Scaling {
  /** Ours to pg.Pool's, of each pair of slices. */
  readonly ratio: Spread
  readonly perSecond: { readonly pg: number; readonly ours: number }
  readonly pairs: number
}

export type ScalingLoad = keyof typeof READS

const READS = {
  waiting: 'select pg_sleep(0.05)',
  computing: 'select count(*) from generate_series(1, 20000)',
}
const WRITE = 'insert into bench_rounds default values'
const CALLERS = 60
const READS_PER_WRITE = 19
const CONNECTIONS = 10

interface Subject {
  read(text: string): Promise<unknown>
  write(text: string): Promise<unknown>
}

export async function measureScaling(plan: {
  pairs: number
  sliceMillis: number
}): Promise<Record<ScalingLoad, Scaling>> {
  await using cluster = await startCluster({ nodes: 3 })
  const theirs = new pg.Pool({ connectionString: cluster.primary.directUrl, max: CONNECTIONS })
  const ours = new Pool({ connectionString: cluster.directUrl, max: CONNECTIONS, loadBalanceHosts: true })
  try {
    await ours.query('create table bench_rounds (id serial)')
    await untilCalm(ours, cluster)
    const pair = {
      pg: { read: (text: string) => theirs.query(text), write: (text: string) => theirs.query(text) },
      ours: { read: (text: string) => ours.read.query(text), write: (text: string) => ours.query(text) },
    }
    return {
      waiting: await compare(pair, { ...plan, text: READS.waiting }),
      computing: await compare(pair, { ...plan, text: READS.computing }),
    }
  } finally {
    await Promise.all([theirs.end(), ours.end()])
  }
}

async function compare(
  subjects: { readonly pg: Subject; readonly ours: Subject },
  { pairs, sliceMillis, text }: { pairs: number; sliceMillis: number; text: string },
): Promise<Scaling> {
  for (const subject of [subjects.pg, subjects.ours]) await slice(subject, text, sliceMillis)
  const figures = { pg: [] as number[], ours: [] as number[] }
  for (let pair = 0; pair < pairs; pair++) {
    for (const name of pair % 2 === 0 ? (['pg', 'ours'] as const) : (['ours', 'pg'] as const)) {
      figures[name].push(await slice(subjects[name], text, sliceMillis))
    }
  }
  return {
    ratio: spread(figures.ours.map((each, index) => each / (figures.pg[index] ?? Number.NaN))),
    perSecond: { pg: median(figures.pg), ours: median(figures.ours) },
    pairs,
  }
}

/** Statements in a second. */
async function slice(subject: Subject, text: string, millis: number): Promise<number> {
  const begun = performance.now()
  let done = 0
  const caller = async (offset: number): Promise<void> => {
    for (let i = offset; performance.now() - begun < millis; i++) {
      await (i % (READS_PER_WRITE + 1) === 0 ? subject.write(WRITE) : subject.read(text))
      done += 1
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(index)))
  return (done * 1000) / (performance.now() - begun)
}
