// What a server says of the transaction that a statement runs in, just before its commit: which one it is, how far the WAL
// was written, and whose WAL that is. Pure values; knows nothing of how they are asked for.

export interface Witness {
  /** The transaction's full number; null: it has none, so it has written nothing of its own. */
  readonly xid: string | null
  /** Where the WAL ended: after all that the transaction has written, before its commit. */
  readonly lsn: string
  readonly timeline: number
  /** When this server was started, in seconds of its own clock: differs after every restart. */
  readonly serverStart: string
  /** Where the server sees the client; null over a socket file. */
  readonly client: { readonly address: string; readonly port: number } | null
}

/**
 * One row that any role may ask a primary for, on servers 12 to 18: all of them know the older names of the transaction
 * functions. The system identifier is left out: it is read from a file, which costs more than the rest together.
 */
export const WITNESS_QUESTION =
  'select pg_catalog.txid_current_if_assigned(), pg_catalog.pg_current_wal_insert_lsn(), ' +
  'pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), ' +
  'extract(epoch from pg_catalog.pg_postmaster_start_time()), ' +
  'pg_catalog.host(pg_catalog.inet_client_addr()), pg_catalog.inet_client_port()'

/** The row's fields as PostgreSQL writes them; null where they are not what was asked for. */
export function readWitness(fields: readonly (string | null)[]): Witness | null {
  const [xid, lsn, walFile, serverStart, address, port] = fields
  if (!lsn || !walFile || !serverStart) return null
  const timeline = Number.parseInt(walFile.slice(0, 8), 16)
  if (!Number.isSafeInteger(timeline)) return null
  return {
    xid: xid ?? null,
    lsn,
    timeline,
    serverStart,
    client: address && port ? { address, port: Number(port) } : null,
  }
}

/**
 * Whether the server sees the very socket that this end has: nothing in between ends the connection, so what the server
 * sent comes before its end.
 */
export function isDirect(
  { client }: Witness,
  local: { readonly address: string | undefined; readonly port: number | undefined },
): boolean {
  if (client === null || local.address === undefined) return false
  return client.port === local.port && client.address === local.address.replace(/^::ffff:/, '')
}
