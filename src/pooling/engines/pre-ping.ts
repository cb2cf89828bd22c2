// Asks an idle connection whether it still answers, with a deadline: a silent server must not hold up who borrows.
import { destroyClient, type TrackedClient } from '../tracked-client.ts'

/** Null: it answered. Else why not; the connection is cut then. */
export function ping(client: TrackedClient, timeoutMillis: number): Promise<Error | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      const error = new Error(`The connection did not answer a test within ${timeoutMillis} ms`)
      resolve(error)
      destroyClient(client, error)
    }, timeoutMillis)
    client.query('select 1').then(
      () => {
        clearTimeout(timer)
        resolve(null)
      },
      (error: Error) => {
        clearTimeout(timer)
        resolve(error)
      },
    )
  })
}
