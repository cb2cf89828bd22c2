// The demo's acts, in order: a cluster under load, the primary's death, its successor, and the return of the old primary
// as a second one that takes writes. Measures; judges nothing.
import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'pg-ha'
import { type Cluster, type ClusterNode, startCluster } from 'pg-ha/testing'
import { firstAcceptedWrite } from './first-accepted-write.ts'
import { Ledger } from './ledger.ts'
import { Load } from './load.ts'
import type { Report } from './report.ts'
import type { Screen } from './screen.ts'

const TABLE = 'demo_rows'
const MARKER = 'marker'
const WRITERS = 8
const READERS = 4
/** How long each act lasts, so that there is something to see. */
const CALM_MILLIS = 1500
/** A cluster manager needs its time to notice that a primary is dead. */
const UNNOTICED_MILLIS = 1000
const AFTER_FAILOVER_MILLIS = 2000
const AFTER_RETURN_MILLIS = 2500
const DEADLINE_MILLIS = 10_000

interface Stage {
  readonly cluster: Cluster
  readonly pool: Pool
  readonly ledger: Ledger
  readonly screen: Screen
  readonly signal: AbortSignal
}

interface Failover {
  readonly killedAt: number
  readonly promotedAt: number
  /** When the successor took its first write from a direct connection. */
  readonly directAt: number
}

interface Return {
  readonly returnedAt: number
  readonly rowsBefore: number
}

/** Rejects where the signal is given, or where an act takes too long; leaves nothing running in any case. */
export async function tellStory(screen: Screen, signal: AbortSignal): Promise<Report> {
  const beganAt = performance.now()
  screen.act('Starting a PostgreSQL cluster of three nodes, synchronous to any one standby')
  await using cluster = await startCluster({ nodes: 3, synchronous: true })
  signal.throwIfAborted()
  const pool = new Pool({ connectionString: cluster.url, max: WRITERS + READERS })
  const ledger = new Ledger()
  const load = new Load({ pool, ledger, table: TABLE, writers: WRITERS, readers: READERS })
  const stage: Stage = { cluster, pool, ledger, screen, signal }
  try {
    screen.follow(pool)
    await pool.query(`create table ${TABLE} (key text not null); create table demo_probe (at timestamptz)`)
    await cluster.waitForReplication()
    screen.act(`PostgreSQL ${cluster.version} is up: ${WRITERS} writers and ${READERS} readers begin`)
    load.start()
    screen.showRates(ledger, pool)
    await pause(CALM_MILLIS, undefined, { signal })
    const old = cluster.primary
    const failover = await failOver(stage, old)
    const comeback = await bringBack(stage, old)
    await load.stop()
    screen.stopRates()
    const durationMillis = performance.now() - beganAt
    return await settle(stage, { old, failover, comeback, durationMillis })
  } finally {
    screen.stopRates()
    // Ends what waits, so that the load can end too.
    await Promise.all([pool.ending ? undefined : pool.end(), load.stop()])
  }
}

async function failOver({ cluster, ledger, screen, signal }: Stage, old: ClusterNode): Promise<Failover> {
  screen.act(`SIGKILL to the primary, ${nameOf(old)}`)
  const killedAt = performance.now()
  await old.kill()
  await pause(UNNOTICED_MILLIS, undefined, { signal })
  // Only the standby that received most is sure to have every row that was acknowledged.
  const successor = await cluster.mostAdvancedStandby()
  screen.act(`Promoting ${nameOf(successor)}; the other standby follows it`)
  const direct = firstAcceptedWrite(successor.directUrl, {
    statement: 'insert into demo_probe values (clock_timestamp())',
    deadlineMillis: DEADLINE_MILLIS,
  })
  const promotedAt = performance.now()
  const [directAt] = await Promise.all([direct, successor.promote()])
  screen.say(`    ${nameOf(successor)} has taken its first write from a direct connection`)
  await until(() => ledger.firstAcknowledgement(promotedAt) !== undefined, {
    what: 'a write through the pool',
    signal,
  })
  screen.say('    the first write through the pool is acknowledged')
  await pause(AFTER_FAILOVER_MILLIS, undefined, { signal })
  return { killedAt, promotedAt, directAt }
}

async function bringBack({ pool, screen, signal }: Stage, old: ClusterNode): Promise<Return> {
  screen.act(`The old primary, ${nameOf(old)}, comes back as a second writable primary`)
  // Else it would wait for its standbys with every commit, and prove nothing.
  await appendFile(path.join(old.data, 'postgresql.auto.conf'), "synchronous_standby_names = ''\n")
  const returnedAt = performance.now()
  await old.start()
  const rowsBefore = (await keysOn(old)).size
  await old.query(`insert into ${TABLE} (key) values ($1)`, [MARKER])
  screen.say(`    ${nameOf(old)} took a row from a direct connection: it can be written to`)
  await until(
    () => pool.cluster.nodes.some(({ name, state }) => name === nameOf(old) && state === 'primary'),
    {
      what: 'the pool to see the second primary',
      signal,
    },
  )
  await pause(AFTER_RETURN_MILLIS, undefined, { signal })
  return { returnedAt, rowsBefore }
}

async function settle(
  { cluster, ledger, pool, screen }: Stage,
  story: { old: ClusterNode; failover: Failover; comeback: Return; durationMillis: number },
): Promise<Report> {
  const { old, failover, comeback, durationMillis } = story
  const { verdict } = pool.cluster
  screen.act('Counting what each primary holds')
  const onStale = await keysOn(old)
  const tookMarker = onStale.delete(MARKER)
  const books = ledger.audit(await keysOn(cluster.primary))
  const gap = ledger.longestGap({ fromMillis: failover.killedAt, toMillis: failover.directAt })
  const pauseAtReturn = ledger.longestGap({
    fromMillis: comeback.returnedAt,
    toMillis: Number.POSITIVE_INFINITY,
  })
  const firstAt = ledger.firstAcknowledgement(failover.promotedAt) ?? Number.POSITIVE_INFINITY
  return {
    ...books,
    onStalePrimary: ledger.impossibleBefore(comeback.returnedAt, onStale.keys()).length,
    stalePrimary: { rowsBefore: comeback.rowsBefore, rowsAfter: onStale.size, tookMarker },
    downtimeMillis: rounded(gap.toMillis - gap.fromMillis),
    clusterMillis: rounded(failover.directAt - gap.fromMillis),
    // Both wait for the same standby: the pool's write may come back first.
    clientDelayMillis: rounded(Math.max(0, firstAt - failover.directAt)),
    returnPauseMillis: rounded(pauseAtReturn.toMillis - pauseAtReturn.fromMillis),
    errors: ledger.errors,
    splitBrain: verdict.stale.includes(nameOf(old)) ? `seen, told apart by ${verdict.rule}` : verdict.rule,
    durationMillis: rounded(durationMillis),
  }
}

/** How often a node holds each key. */
async function keysOn(node: ClusterNode): Promise<Map<string, number>> {
  const { rows } = await node.query<{ key: string; times: number }>(
    `select key, count(*)::int as times from ${TABLE} group by key`,
  )
  return new Map(rows.map(({ key, times }) => [key, times]))
}

async function until(
  isSo: () => boolean,
  { what, signal }: { what: string; signal: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + DEADLINE_MILLIS
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`)
    await pause(5, undefined, { signal })
  }
}

function nameOf({ host, port }: ClusterNode): string {
  return `${host}:${port}`
}

function rounded(millis: number): number {
  return Math.round(millis * 10) / 10
}
