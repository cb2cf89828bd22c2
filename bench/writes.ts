// What writes cost beside pg.Pool: those that meet a unique key, for which pg.Pool gives up a connection each, and those that
// are committed, in each way of looking after a commit whose answer is lost.
import { compare, type Overhead, startCaller, stopCallers } from './overhead.ts'
import { startCluster } from './subject.ts'

export interface WritesPlan {
  readonly callers: readonly number[]
  readonly pairs: number
  readonly sliceMillis: number
}

export interface Writes {
  /** By callers. */
  readonly violations: Readonly<Record<string, Overhead>>
  /** By `commitOutcome` and callers: "batch 10". */
  readonly inserts: Readonly<Record<string, Overhead>>
}

const MODES = ['off', 'batch', 'certain'] as const

export async function measureWrites(plan: WritesPlan, report: (text: string) => void): Promise<Writes> {
  await using cluster = await startCluster({ nodes: 3 })
  await cluster.primary.query(
    'create table bench_writes (id bigserial primary key); create table bench_unique (id int primary key); insert into bench_unique values (1)',
  )
  const theirs = startCaller('pg', cluster.primary.directUrl)
  const ours = MODES.map((mode) => startCaller('ours', `${cluster.directUrl}?commitOutcome=${mode}`))
  const violations: Record<string, Overhead> = {}
  const inserts: Record<string, Overhead> = {}
  try {
    for (const callers of plan.callers) {
      for (const [place, mode] of MODES.entries()) {
        const pair = { theirs, ours: ours[place] ?? theirs }
        inserts[`${mode} ${callers}`] = await compare(pair, { ...plan, callers, work: 'insert' })
        if (mode === 'batch') {
          violations[callers] = await compare(pair, { ...plan, callers, work: 'violation' })
        }
      }
      report(`${callers} writers done`)
    }
  } finally {
    await stopCallers([theirs, ...ours])
  }
  return { violations, inserts }
}
