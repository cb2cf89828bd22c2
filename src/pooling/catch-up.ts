// Asks a standby, on the connection that is to serve a read, whether it has replayed far enough by now, and waits for it a
// moment. Servers from version 19 on wait by themselves.
import { lsnText } from '../routing/wal-position.ts'
import { lsnEnd } from '../topology/lsn.ts'
import type { TrackedClient } from './tracked-client.ts'

const REPLAY_QUERY = 'select pg_catalog.pg_last_wal_replay_lsn()::text as lsn'
const FIRST_PAUSE_MILLIS = 1
const WAITS_BY_ITSELF = 190_000

export interface CatchUp {
  readonly position: number
  readonly boundMillis: number
  readonly serverVersion: number | null
  readonly clock: () => number
}

/** How far it has replayed in the end; rejects where the connection is lost. */
export async function catchUp(
  client: TrackedClient,
  { position, boundMillis, serverVersion, clock }: CatchUp,
): Promise<number | null> {
  const endsAt = clock() + boundMillis
  let replayed = await replayedBy(client)
  if (isReached(replayed, position) || boundMillis === 0) return replayed
  if (serverVersion !== null && serverVersion >= WAITS_BY_ITSELF) {
    await client.query(waitText(position, boundMillis))
    return replayedBy(client)
  }
  for (let pause = FIRST_PAUSE_MILLIS; !isReached(replayed, position) && clock() < endsAt; pause *= 2) {
    const left = Math.min(pause, Math.max(0, endsAt - clock()))
    await new Promise<void>((resolve) => {
      setTimeout(resolve, left)
    })
    replayed = await replayedBy(client)
  }
  return replayed
}

/** PostgreSQL 19: returns whether it was reached; an error only for what should not be asked of it. */
export function waitText(position: number, boundMillis: number): string {
  return `wait for lsn '${lsnText(position)}' with (timeout '${Math.ceil(boundMillis)}ms', no_throw)`
}

function isReached(replayed: number | null, position: number): boolean {
  return replayed !== null && replayed >= position
}

async function replayedBy(client: TrackedClient): Promise<number | null> {
  const { rows } = await client.query<{ lsn: string | null }>(REPLAY_QUERY)
  return lsnEnd(rows[0]?.lsn ?? null)
}
