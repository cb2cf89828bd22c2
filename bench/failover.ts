// What the client adds to a failover: the time from the first write that the successor takes from a direct connection to
// the first write acknowledged through the pool.
import { firstAcceptedWrite } from '../examples/demo/first-accepted-write.ts'
import type { Cluster } from '../src/testing/index.ts'
import { DEADLINE_MILLIS, firstWriteThrough, type OurPool, pause, untilCalm } from './rounds.ts'
import { median, type Spread, spread } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface FailoverDelay {
  readonly delayMillis: { readonly median: number; readonly max: number }
  readonly rounds: number
  readonly spread: Spread
  /** Errors that the writer's calls met over all rounds, by code. */
  readonly errors: Readonly<Record<string, number>>
}

/** How long a round leaves the cluster without a primary: at random, so that no rhythm is met always at the same point. */
const LEAST_OUTAGE_MILLIS = 100
const MOST_OUTAGE_MILLIS = 600

export async function measureFailover(
  rounds: number,
  report: (text: string) => void,
): Promise<FailoverDelay> {
  await using cluster = await startCluster({ nodes: 3 })
  const pool = new Pool({ connectionString: cluster.directUrl })
  const errors: Record<string, number> = {}
  const delays: number[] = []
  try {
    await pool.query('create table bench_rounds (at timestamptz default clock_timestamp())')
    for (let round = 0; round < rounds; round++) {
      delays.push(await oneRound(cluster, pool, errors))
      report(`failover ${round + 1} of ${rounds}: ${delays.at(-1)?.toFixed(1)} ms`)
    }
  } finally {
    await pool.end()
  }
  return {
    delayMillis: { median: median(delays), max: Math.max(...delays) },
    rounds,
    spread: spread(delays),
    errors,
  }
}

async function oneRound(cluster: Cluster, pool: OurPool, errors: Record<string, number>): Promise<number> {
  const old = cluster.primary
  await untilCalm(pool, cluster)
  await pool.query('insert into bench_rounds default values')
  await old.kill()
  // The other one can follow only a successor that has all it has.
  const successor = await cluster.mostAdvancedStandby()
  const direct = firstAcceptedWrite(successor.directUrl, {
    statement: 'insert into bench_rounds default values',
    deadlineMillis: DEADLINE_MILLIS,
  })
  const ours = firstWriteThrough(pool, errors)
  await pause(LEAST_OUTAGE_MILLIS + Math.random() * (MOST_OUTAGE_MILLIS - LEAST_OUTAGE_MILLIS))
  await successor.promote()
  const [directAt, oursAt] = await Promise.all([direct, ours])
  await old.rejoin()
  return oursAt - directAt
}
