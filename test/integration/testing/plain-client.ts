// node-postgres' own client, for watching a cluster from outside.

import pg from 'pg'

/** Connects within 2 s or rejects; the client is ended when the work is done. */
export async function withPlainClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    client.end().catch(() => {})
  }
}

/** The error of a promise that has to fail. */
export async function failureOf(work: Promise<unknown>): Promise<NodeJS.ErrnoException> {
  return work.then(
    (value) => {
      throw new Error(`Expected a failure, got ${JSON.stringify(value)}`)
    },
    (error: NodeJS.ErrnoException) => error,
  )
}

/** What has settled after so many ms; "pending" if nothing has. */
export async function outcomeWithin(
  millis: number,
  work: Promise<unknown>,
): Promise<'resolved' | 'rejected' | 'pending'> {
  let timer: NodeJS.Timeout | undefined
  const pause = new Promise<'pending'>((resolve) => {
    timer = setTimeout(() => resolve('pending'), millis)
  })
  const settled = work.then(
    () => 'resolved' as const,
    () => 'rejected' as const,
  )
  return Promise.race([settled, pause]).finally(() => clearTimeout(timer))
}
