// How far standbys have come: which is ahead, and when all have caught up. Knows nothing of nodes' states.

import type { Login } from './direct-query.ts'
import { queryOnce, queryUntil } from './direct-query.ts'

const replayMillis = 30_000

/** Resolves when every standby has replayed all that the primary has written by now. */
export async function waitUntilReplayed(primary: Login, standbyPorts: readonly number[]): Promise<void> {
  const { rows } = await queryOnce<{ lsn: string }>(primary, 'select pg_current_wal_lsn()::text as lsn')
  const lsn = rows[0]?.lsn
  await Promise.all(
    standbyPorts.map((port) =>
      queryUntil<{ done: boolean | null }>(
        // The cluster's own database may be what has yet to be replayed.
        { ...primary, port, database: 'postgres' },
        {
          text: 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as done',
          values: [lsn],
          what: `Replaying to ${lsn} on ${primary.host}:${port}`,
          millis: replayMillis,
        },
        (row) => row?.done === true,
      ),
    ),
  )
}

/** Resolves when the standby receives from nobody but this upstream: from it, or from none yet. */
export async function waitUntilLeft(standby: Login, upstreamPort: number): Promise<void> {
  await queryUntil(
    standby,
    {
      text: 'select 1 from pg_stat_wal_receiver where sender_port <> $1',
      values: [upstreamPort],
      what: `Leaving the old upstream of ${standby.host}:${standby.port}`,
      millis: replayMillis,
    },
    (row) => row === undefined,
  )
}

/** How long a primary that lives may leave one standby behind another. */
const catchUpMillis = 2000

/**
 * A standby that follows nobody but others any more may have confirmed to a living primary what this one has yet to receive
 * from it: gives this one the time, while it receives.
 */
export async function letCatchUp(standby: Login, others: readonly Receiving[]): Promise<void> {
  const positions = await Promise.all(others.map(positionOf))
  await queryUntil<{ done: boolean }>(
    standby,
    {
      text: `select ${POSITION} >= all($1::numeric[]) or not exists (select from pg_stat_wal_receiver) as done`,
      values: [positions.map(String)],
      what: `Receiving on ${standby.host}:${standby.port} what others have`,
      millis: catchUpMillis,
    },
    (row) => row?.done !== false,
  ).catch(() => {})
}

const POSITION = "greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn"

async function positionOf(node: Receiving): Promise<bigint> {
  const { rows } = await node.query(`select ${POSITION} as position`)
  return BigInt(rows[0]?.position ?? 0)
}

interface Receiving {
  query(text: string): Promise<{ rows: { position: string | null }[] }>
}

/** The standby whose WAL reaches furthest. */
export async function mostAdvanced<Node extends Receiving>(standbys: readonly Node[]): Promise<Node> {
  const reached = await Promise.all(
    standbys.map(async (node) => ({ node, position: await positionOf(node) })),
  )
  const [first, ...rest] = reached
  if (first === undefined) throw new Error('There is no running standby')
  return rest.reduce((best, one) => (one.position > best.position ? one : best), first).node
}
