// Waits for standbys to have replayed what their primary wrote. Knows nothing of nodes' states.

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
