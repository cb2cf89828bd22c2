// SQL on one server over a short-lived connection, always with a deadline. Knows nothing of clusters.

import type { Duplex } from 'node:stream'
import pg from 'pg'
import { waitUntil, withDeadline } from './wait-until.ts'

export interface Login {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

const queryMillis = 10_000

export async function queryOnce<Row extends pg.QueryResultRow>(
  login: Login,
  text: string,
  values: unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  return withClient(
    login,
    { what: `A query on ${login.host}:${login.port}`, millis: queryMillis },
    (client) => client.query<Row>(text, values),
  )
}

/** Repeats a query on one connection until its first row satisfies the condition. */
export async function queryUntil<Row extends pg.QueryResultRow>(
  login: Login,
  query: { text: string; values?: unknown[]; what: string; millis: number },
  isSatisfied: (row: Row | undefined) => boolean,
): Promise<void> {
  const deadline = { what: query.what, millis: query.millis }
  await withClient(login, deadline, (client) =>
    waitUntil(async () => isSatisfied((await client.query<Row>(query.text, query.values)).rows[0]), deadline),
  )
}

/** Opens a connection, lends it, and ends it, by force once the deadline is over. */
export async function withClient<T>(
  login: Login & { readonly replication?: string },
  deadline: { what: string; millis: number },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...login, ssl: false })
  // Queries report a lost connection themselves.
  client.on('error', () => {})
  const session = (async () => {
    await client.connect()
    return work(client)
  })()
  try {
    const result = await withDeadline(session, deadline)
    // Not waited for: the goodbye needs no answer.
    client.end().catch(() => {})
    return result
  } catch (error) {
    session.catch(() => {})
    // The server may be frozen: nobody would answer a goodbye, and an open socket would hold the process.
    socketOf(client).destroy()
    throw error
  }
}

export function socketOf(client: pg.Client): Duplex {
  return (client as unknown as { connection: { stream: Duplex } }).connection.stream
}
