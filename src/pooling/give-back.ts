// What becomes of a connection whose statement has failed.
import type { Release } from '../config/pool-engine.ts'
import type { ErrorMeaning } from '../failover/classify-error.ts'
import { isSubmittable, type QueryInput } from './splitter.ts'
import type { TrackedClient } from './tracked-client.ts'

interface Failed {
  readonly text: QueryInput
  readonly error: Error
  readonly meaning: ErrorMeaning
  readonly goOn: () => void
}

/**
 * Keeps the connection where the server is ready for the next statement and in no transaction; else ends it. Cursors and
 * statements read in portions leave the server waiting for a Sync that never comes: those connections end.
 */
export function giveBack(
  { client, release }: { readonly client: TrackedClient; readonly release: Release },
  { text, error, meaning, goOn }: Failed,
): void {
  const isPlain = typeof text === 'string' || (!isSubmittable(text) && !('rows' in text))
  if (meaning.connection === 'lost' || !isPlain || client.connection === undefined) {
    release(error)
    goOn()
    return
  }
  const { connection } = client
  const settle = (destroy: boolean): void => {
    connection.removeListener('readyForQuery', onReady)
    connection.removeListener('end', onEnd)
    release(destroy ? error : undefined)
    goOn()
  }
  const onReady = (): void => settle(client.getTransactionStatus() !== 'I')
  const onEnd = (): void => settle(true)
  connection.once('readyForQuery', onReady)
  connection.once('end', onEnd)
}
