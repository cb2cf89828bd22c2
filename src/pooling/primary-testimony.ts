// Asks the primary of now what it knows of a transaction. In one message, which is one transaction: no pooler in between, be it
// one of single statements, can let two servers answer. Concludes nothing.

import pg from 'pg'
import { errorCode } from '../failover/classify-error.ts'
import type { PrimaryTestimony, TransactionStatus } from '../failover/commit-outcome.ts'
import type { TrackedClient } from './tracked-client.ts'

const SELF = `select (select system_identifier from pg_catalog.pg_control_system()) as system_identifier,
  pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) as wal_file,
  extract(epoch from pg_catalog.pg_postmaster_start_time()) as server_start,
  pg_catalog.pg_last_wal_replay_lsn() as recovered_up_to`

/**
 * Nobody listens to it any more. One that waits for a standby is left alone: it would be committed without.
 */
const END_IT = `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
  where backend_xid::text::bigint = $1::bigint & 4294967295 and pid <> pg_catalog.pg_backend_pid()
    and wait_event is distinct from 'SyncRep'`

/** WAL of its own, committed: a commit that waits for standbys waits for all that came before, too. */
const BARRIER = `select pg_catalog.pg_logical_emit_message(true, 'pg-ha', '')`

const TEXT = { getTypeParser: () => String } as never

const FUTURE_XID = '22023'

export async function hearPrimary(
  client: TrackedClient,
  node: string,
  xid: string,
): Promise<PrimaryTestimony> {
  const { rows, error } = await askAtOnce(client, `${SELF}; ${statusQuestion(xid)}`)
  const [self, answer] = rows
  if (self === undefined || (error !== null && errorCode(error) !== FUTURE_XID)) {
    throw error ?? new Error(`${node} gave no answer`)
  }
  const status = error === null ? statusOf(answer?.status) : 'never assigned'
  return {
    node,
    systemIdentifier: self.system_identifier ?? null,
    timeline: Number.parseInt((self.wal_file ?? '').slice(0, 8), 16),
    serverStart: self.server_start ?? '',
    status,
    recoveredUpTo: self.recovered_up_to ?? null,
    leftTimelineAt: null,
  }
}

/** Ends the session that the transaction still runs in; where it may not, time decides. */
export async function endTransaction(client: TrackedClient, xid: string): Promise<void> {
  await ask(client, END_IT, [xid]).catch(() => {})
}

/** Resolves when all that is committed by now is as safe as this server makes a commit. */
export async function awaitDurability(client: TrackedClient): Promise<void> {
  await ask(client, BARRIER).catch((error: unknown) => {
    // A server without it, or a role that may not: an application's own commit will have to do.
    if (!/^(42|0A)/.test(errorCode(error) ?? '')) throw error
  })
}

/** A message of several statements has no room for values. */
function statusQuestion(xid: string): string {
  return `select pg_catalog.txid_status(${BigInt(xid)}) as status`
}

function statusOf(said: string | null | undefined): TransactionStatus {
  return said === 'committed' || said === 'aborted' || said === 'in progress' ? said : 'forgotten'
}

type Row = Readonly<Record<string, string | null>>

/** Every row that came, also of the statements before one that failed. */
function askAtOnce(
  client: TrackedClient,
  text: string,
): Promise<{ readonly rows: readonly Row[]; readonly error: Error | null }> {
  return new Promise((resolve) => {
    const rows: Row[] = []
    // Not in its types: how values are parsed, which the application may do as it likes.
    const query = new pg.Query({ text, types: TEXT } as never)
    query.on('row', (row: Row) => rows.push(row))
    query.on('error', (error: Error) => resolve({ rows, error }))
    query.on('end', () => resolve({ rows, error: null }))
    client.query(query)
  })
}

async function ask(client: TrackedClient, text: string, values: unknown[] = []): Promise<Row> {
  const { rows } = await client.query<Record<string, string | null>>({ text, values, types: TEXT })
  return rows[0] ?? {}
}
