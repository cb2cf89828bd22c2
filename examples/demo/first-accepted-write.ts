// Finds out by trying when a server begins to take writes, over a connection that is open beforehand. Uses no pool: this
// is what a pool is measured against.
import pg from 'pg'

export interface DirectWrite {
  readonly statement: string
  readonly deadlineMillis: number
}

const PAUSE_MILLIS = 1
const READ_ONLY = '25006'

/** Resolves with the time (performance.now) of the first acknowledgement. */
export async function firstAcceptedWrite(url: string, write: DirectWrite): Promise<number> {
  const client = new pg.Client({ connectionString: url, statement_timeout: write.deadlineMillis })
  client.on('error', () => {})
  await client.connect()
  try {
    const deadline = performance.now() + write.deadlineMillis
    for (;;) {
      if (await isAccepted(client, write.statement)) return performance.now()
      if (performance.now() > deadline) throw new Error(`No write was taken for ${write.deadlineMillis} ms`)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, PAUSE_MILLIS)
      })
    }
  } finally {
    await client.end()
  }
}

async function isAccepted(client: pg.Client, statement: string): Promise<boolean> {
  try {
    await client.query(statement)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === READ_ONLY) return false
    throw error
  }
}
