// Fifty writers, with synchronous replication and every option at its default, while their primary is killed, falls silent, or
// is switched over: the errors they meet, and how much later than possible they are served.
import { firstAcceptedWrite } from '../examples/demo/first-accepted-write.ts'
import type { Cluster } from '../src/testing/index.ts'
import { type Call, Crowd } from './crowd.ts'
import { DEADLINE_MILLIS, type OurPool, pause, untilCalm } from './rounds.ts'
import { median, quantile } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface UnderLoad {
  readonly rounds: number
  readonly writes: number
  readonly reads: number
  /** By code; empty: none. */
  readonly errors: Readonly<Record<string, number>>
  /**
   * Of each write that was begun before the successor took its first direct write and answered after it: how long after. With
   * a silence: how long after the silence or the promotion, whichever came later.
   */
  readonly delayMillis: { readonly median: number; readonly p99: number; readonly max: number }
  /** From that moment until the first write of a round was acknowledged: the longest of all rounds. */
  readonly firstMillis: { readonly median: number; readonly max: number }
}

interface Trial {
  readonly cluster: Cluster
  readonly pool: OurPool
}

/** What is done to the cluster; resolves with the moment from which writes could have been served. */
type Blow = (trial: Trial) => Promise<number>

const CALM_MILLIS = 500

export interface Plan {
  readonly rounds: number
  readonly readers: number
  readonly url: 'url' | 'directUrl'
  readonly options?: { readonly writeMin: number }
  readonly blow: Blow
}

export const PLANS: Readonly<Record<string, Omit<Plan, 'rounds'>>> = {
  'killed primary': { readers: 0, url: 'directUrl', blow: killed },
  'killed primary, warm sessions on the standbys': {
    readers: 0,
    url: 'directUrl',
    options: { writeMin: 10 },
    blow: killed,
  },
  'silent primary, its successor at once': { readers: 0, url: 'url', blow: (trial) => silent(trial, 0) },
  'silent primary, its successor later': { readers: 0, url: 'url', blow: (trial) => silent(trial, 4000) },
  'planned switchover': { readers: 50, url: 'directUrl', blow: switchedOver },
}

export async function measureUnderLoad(plan: Plan, report: (text: string) => void): Promise<UnderLoad> {
  await using cluster = await startCluster({ nodes: 3, synchronous: true })
  const pool = new Pool({ connectionString: cluster[plan.url], ...plan.options })
  const errors: Record<string, number> = {}
  const delays: number[] = []
  const firsts: number[] = []
  let [writes, reads] = [0, 0]
  try {
    await pool.query('create table bench_rounds (at timestamptz default clock_timestamp())')
    await cluster.waitForReplication()
    for (let round = 0; round < plan.rounds; round++) {
      const { crowd, possibleAt } = await oneRound({ cluster, pool }, plan)
      const late = delaysAfter(possibleAt, crowd.writes)
      delays.push(...late)
      firsts.push(Math.min(...late))
      writes += crowd.writes.length
      reads += crowd.reads.length
      for (const { error } of [...crowd.writes, ...crowd.reads]) {
        if (error !== null) errors[error] = (errors[error] ?? 0) + 1
      }
      report(
        `round ${round + 1} of ${plan.rounds}: median ${median(late).toFixed(1)} ms, ${JSON.stringify(errors)}`,
      )
    }
  } finally {
    await pool.end()
  }
  return {
    rounds: plan.rounds,
    writes,
    reads,
    errors,
    delayMillis: { median: median(delays), p99: quantile(delays, 0.99), max: Math.max(...delays) },
    firstMillis: { median: median(firsts), max: Math.max(...firsts) },
  }
}

async function oneRound(
  trial: Trial,
  { readers, blow }: Plan,
): Promise<{ crowd: Crowd; possibleAt: number }> {
  const { cluster, pool } = trial
  const old = cluster.primary
  await untilCalm(pool, cluster)
  const crowd = new Crowd(pool, { writers: 50, readers, thinkMillis: 50 })
  await pause(CALM_MILLIS)
  const possibleAt = await blow(trial)
  await acknowledgedSince(crowd, possibleAt)
  await pause(CALM_MILLIS)
  await crowd.stop()
  await old.heal()
  if (!cluster.standbys.includes(old)) await old.rejoin()
  return { crowd, possibleAt }
}

async function acknowledgedSince({ writes }: Crowd, since: number): Promise<void> {
  const deadline = performance.now() + DEADLINE_MILLIS
  while (!writes.some(({ startedAt, error }) => error === null && startedAt > since)) {
    if (performance.now() > deadline) return
    await pause(10)
  }
}

function delaysAfter(possibleAt: number, calls: readonly Call[]): readonly number[] {
  return calls
    .filter(
      ({ startedAt, settledAt, error }) =>
        error === null && startedAt <= possibleAt && settledAt >= possibleAt,
    )
    .map(({ settledAt }) => settledAt - possibleAt)
}

async function killed({ cluster }: Trial): Promise<number> {
  await cluster.primary.kill()
  return promoted(cluster, 100 + Math.random() * 500)
}

async function silent({ cluster }: Trial, outageMillis: number): Promise<number> {
  await cluster.primary.blackhole()
  await pause(outageMillis)
  await (await cluster.mostAdvancedStandby()).promote()
  return performance.now()
}

async function switchedOver({ cluster, pool }: Trial): Promise<number> {
  const old = cluster.primary
  await pool.drain(`${old.host}:${old.directPort}`)
  await old.stop({ mode: 'fast' })
  const possibleAt = await promoted(cluster, 0)
  await old.startAsStandby(cluster.primary)
  await old.waitUntilStreaming()
  return possibleAt
}

/** Resolves with the moment of the first write over a connection of its own. */
async function promoted(cluster: Cluster, outageMillis: number): Promise<number> {
  // The other one can follow only a successor that has all it has.
  const successor = await cluster.mostAdvancedStandby()
  const direct = firstAcceptedWrite(successor.directUrl, {
    statement: 'insert into bench_rounds default values',
    deadlineMillis: DEADLINE_MILLIS,
  })
  await pause(outageMillis)
  await successor.promote()
  return direct
}
