// What a lost connection may have left behind: a session that its server takes for alive, in the middle of a transaction,
// with its locks. It would keep them until the server gives the dead line up, and whoever tries again would wait for it.
import { isReportedByPostgres } from '../failover/classify-error.ts'
import type { Lease } from './attempt.ts'
import { isEndedInOrder } from './statement-batch.ts'
import { SESSION } from './tracked-client.ts'

export interface LeftBehind {
  readonly node: string
  readonly pid: number
}

/**
 * By a connection that was lost with this error; to be ended before anything is tried again on the same node. What has ended
 * in order, on the server's side, has left nothing; of a pooler's session the number is not the server's.
 */
export function leftBehind(
  { client, pool }: Pick<Lease, 'client' | 'pool'>,
  error: Error,
): LeftBehind | null {
  const { processID } = client as unknown as { processID?: unknown }
  if (isEndedInOrder({ client, error, fromPostgres: isReportedByPostgres(error) })) return null
  if (client[SESSION].isPooled || typeof processID !== 'number' || processID === 0) return null
  return { node: pool.node, pid: processID }
}

/** Of the same user, and in a transaction: what is committed by then is not undone, and nobody waits for its answer. */
const END_IT = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
  where pid = $1 and usename = current_user and state <> 'idle' and pid <> pg_catalog.pg_backend_pid()`

/** Resolves when it is ended, or is not there; a lease of another node has nothing to do with it. */
export async function endLeftBehind({ client, pool }: Lease, left: LeftBehind): Promise<void> {
  if (pool.node !== left.node) return
  await client.query(END_IT, [left.pid]).catch(() => {})
}
