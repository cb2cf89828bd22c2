// What every example here goes through: writers and readers that never stop, a primary that is killed under them, a standby
// that is promoted. Prints what was seen, and fails where something acknowledged is missing. Knows no library.
//
// With DATABASE_URL it only writes and reads for ten seconds: the failover is yours.
import { setTimeout as pause } from 'node:timers/promises'
import { type Cluster, startCluster } from 'pg-ha/testing'
import { Seen } from './seen.ts'

/** A library at work on the cluster. */
export interface Application {
  /** Writes the row, job or session of this number; may reject, also where it was written. */
  write(id: number): PromiseLike<unknown>
  /** Reads, and tells whether on a standby. */
  readsStandby?(): Promise<boolean>
  /** The numbers of all that is there: rows in a table, jobs that were worked off. */
  kept(): Promise<readonly number[]>
  end(): Promise<unknown>
}

const WRITERS = 2
/** So many writes before the primary dies, and after its successor took over. */
const ENOUGH = 50
/** A cluster manager needs its time to notice that a primary is dead. */
const UNNOTICED_MILLIS = 500
const OWN_FAILOVER_MILLIS = 10_000
const DEADLINE_MILLIS = 90_000

/** Rejects where the work does not go on by itself, or where something acknowledged is lost. */
export async function throughFailover(start: (url: string) => Promise<Application>): Promise<void> {
  const given = process.env.DATABASE_URL
  const cluster = given ? undefined : await startCluster({ nodes: 3, synchronous: true })
  const application = await start(given || (cluster?.url ?? ''))
  const seen = new Seen()
  const work = [...Array.from({ length: WRITERS }, () => write(application, seen)), read(application, seen)]
  try {
    if (cluster === undefined) await pause(OWN_FAILOVER_MILLIS)
    else await failOver(cluster, seen)
    seen.isOver = true
    await within('The end of the writers', () => Promise.all(work))
    let lost = seen.missingFrom(await application.kept())
    // Jobs are worked off after they are acknowledged.
    const deadline = performance.now() + DEADLINE_MILLIS
    while (lost.length > 0 && performance.now() < deadline) {
      await pause(100)
      lost = seen.missingFrom(await application.kept())
    }
    console.log(`${seen}; ${lost.length} lost`)
    if (lost.length > 0) throw new Error(`Acknowledged, and not there: ${lost}`)
  } finally {
    seen.isOver = true
    await within('The end of the application', () => application.end())
    await cluster?.stop()
  }
}

async function failOver(cluster: Cluster, seen: Seen): Promise<void> {
  await until(`${ENOUGH} writes`, () => seen.acknowledged >= ENOUGH)
  await killAndPromote(cluster)
  seen.promotedAt = performance.now()
  await until(`${ENOUGH} writes to the successor`, () => seen.acknowledgedAfterwards >= ENOUGH)
}

export async function killAndPromote(cluster: Cluster): Promise<void> {
  await cluster.primary.kill()
  await pause(UNNOTICED_MILLIS)
  const successor = await cluster.mostAdvancedStandby()
  await successor.promote()
}

async function write(application: Application, seen: Seen): Promise<void> {
  while (!seen.isOver) {
    const id = seen.nextNumber()
    const begunAt = performance.now()
    try {
      await application.write(id)
      seen.written(id, begunAt)
    } catch (error) {
      seen.failed(error)
      // As an application would: not at once.
      await pause(20)
    }
  }
}

async function read({ readsStandby }: Application, seen: Seen): Promise<void> {
  while (readsStandby !== undefined && !seen.isOver) {
    try {
      seen.read({ onStandby: await readsStandby() })
    } catch (error) {
      seen.readFailed(error)
    }
    await pause(5)
  }
}

/** Polls until the condition holds; rejects when that takes too long. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  await within(what, async () => {
    while (!(await condition())) await pause(5)
  })
}

async function within(what: string, work: () => Promise<unknown>): Promise<void> {
  const late = Symbol(what)
  const deadline = pause(DEADLINE_MILLIS, late, { ref: false })
  if ((await Promise.race([work(), deadline])) === late) {
    throw new Error(`${what} took longer than ${DEADLINE_MILLIS} ms`)
  }
}
