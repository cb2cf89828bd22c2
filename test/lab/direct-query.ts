// One question to one server over a connection of its own.
import pg from 'pg'

const CONNECT_MILLIS = 5000
const ANSWER_MILLIS = 10_000

/** Rejects where the server cannot be reached or refuses. */
export async function rowsOf<Row>(url: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MILLIS,
    query_timeout: ANSWER_MILLIS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query(sql, [...values])
    return rows as Row[]
  } finally {
    // Not awaited: an address that has moved on meanwhile would never answer the farewell.
    client.end().catch(() => {})
  }
}

/** Whether a query gives one row whose column `yes` is true; false where there is no answer. */
export async function asksServer(url: string, sql: string): Promise<boolean> {
  try {
    const [row] = await rowsOf<{ yes: boolean }>(url, sql)
    return row?.yes === true
  } catch {
    return false
  }
}
