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

interface Receiving {
  query(text: string): Promise<{ rows: { position: string | null }[] }>
}

/** The standby whose WAL reaches furthest. */
export async function mostAdvanced<Node extends Receiving>(standbys: readonly Node[]): Promise<Node> {
  const reached = await Promise.all(
    standbys.map(async (node) => {
      const { rows } = await node.query(
        "select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn as position",
      )
      return { node, position: BigInt(rows[0]?.position ?? 0) }
    }),
  )
  const [first, ...rest] = reached
  if (first === undefined) throw new Error('There is no running standby')
  return rest.reduce((best, one) => (one.position > best.position ? one : best), first).node
}
