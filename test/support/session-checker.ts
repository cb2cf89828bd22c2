// Sessions that write and read at the same time through one pool, each checking that it misses nothing of its own; and how
// many of the reads for which the lag had passed ran on a standby.
import type { Pool } from '../../src/index.ts'

export interface CheckerPlan {
  readonly sessions: number
  readonly reads: number
  /** A write comes before so many reads of a session. */
  readonly readsPerWrite: number
  /** By then a standby has surely replayed a write. */
  readonly lagMillis: number
  readonly pauseMillis: number
}

export interface CheckerReport {
  reads: number
  /** Reads that did not show the session's last write. */
  missing: number
  /** Reads of a time when the lag since the session's last write had passed, and those of them that a standby served. */
  late: number
  lateOnStandby: number
  onStandby: number
}

export const CHECKER_TABLE = 'create table session_marks (id int primary key, mark int not null)'

export async function checkSessions(pool: Pool, plan: CheckerPlan): Promise<CheckerReport> {
  const report: CheckerReport = { reads: 0, missing: 0, late: 0, lateOnStandby: 0, onStandby: 0 }
  const work = Array.from({ length: plan.sessions }, (_, id) =>
    pool.session(() => oneSession(pool, id, { plan, report })),
  )
  await Promise.all(work)
  return report
}

const READ = 'select (select mark from session_marks where id = $1) as mark, pg_is_in_recovery() as standby'

async function oneSession(
  pool: Pool,
  id: number,
  { plan, report }: { plan: CheckerPlan; report: CheckerReport },
): Promise<void> {
  for (let mark = 1; report.reads < plan.reads; mark++) {
    await pool.query(
      'insert into session_marks values ($1, $2) on conflict (id) do update set mark = excluded.mark',
      [id, mark],
    )
    const writtenAt = performance.now()
    for (let i = 0; i < plan.readsPerWrite; i++) {
      const askedAt = performance.now()
      const { rows } = await pool.read.query(READ, [id])
      report.reads += 1
      if (rows[0].mark !== mark) report.missing += 1
      if (rows[0].standby) report.onStandby += 1
      if (askedAt - writtenAt > plan.lagMillis) {
        report.late += 1
        if (rows[0].standby) report.lateOnStandby += 1
      }
      await pause(plan.pauseMillis * Math.random() * 2)
    }
  }
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}
