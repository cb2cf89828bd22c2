// Reads where a primary's timeline comes from, over a connection of the replication protocol that is made for it and ended
// at once. Never throws and never keeps the process alive.
import pg, { type PoolConfig } from 'pg'
import { adoptClient, copyWith, withConnection } from '../dialing/dialled-options.ts'
import { errorCode, isReportedByServer } from '../failover/classify-error.ts'
import type { KnownHistory } from '../topology/node-view.ts'
import { parseHistory } from '../topology/timeline-history.ts'
import type { Clock } from './clock.ts'
import { withDeadline } from './deadline.ts'

export interface HistoryReaderOptions {
  /** How the monitor logs in to this node. */
  readonly connection: PoolConfig
  readonly timeoutMillis: number
  readonly clock: Clock
}

/**
 * What the server says of this timeline; `history` null where it may not be seen, or is none of it any more. Null where nobody
 * answered, or no connection was to be had: it may be told later. The system identifier and the timeline that the server is on
 * are asked first: the file of another server's would say nothing.
 */
export async function readHistory(
  timeline: number,
  options: HistoryReaderOptions,
): Promise<KnownHistory | null> {
  const { connection, timeoutMillis, clock } = options
  const client = new pg.Client(withConnection(copyWith(connection, { replication: 'database' })))
  adoptClient(client)
  client.on('error', () => {})
  try {
    const expire = (): void => {
      client.connection.stream.destroy()
    }
    const history = await withDeadline(read(client, timeline), { timeoutMillis, clock, expire })
    return Object.freeze({ timeline, history })
  } catch (error) {
    return isPassing(error) ? null : Object.freeze({ timeline, history: null })
  } finally {
    client.end().catch(() => {})
  }
}

/** No word of a server, or that it is starting, stopping (57) or has no room (53). */
function isPassing(error: unknown): boolean {
  return !isReportedByServer(error) || /^5[37]/.test(errorCode(error) ?? '')
}

async function read(client: pg.Client, timeline: number): Promise<KnownHistory['history']> {
  const connecting = client.connect()
  // Not in every version of pg's types.
  ;(client as { unref?(): void }).unref?.()
  await connecting
  const { rows: identified } = await client.query<{ timeline: unknown }>('IDENTIFY_SYSTEM')
  if (Number(identified[0]?.timeline) !== timeline) return null
  const { rows } = await client.query<{ content: unknown }>(`TIMELINE_HISTORY ${timeline}`)
  const content = rows[0]?.content
  const text = Buffer.isBuffer(content) ? content.toString('utf8') : String(content ?? '')
  return parseHistory(timeline, unescaped(text))
}

/** Some versions call the file bytea and send it as it is, some as text. */
function unescaped(text: string): string {
  return text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('utf8') : text
}
