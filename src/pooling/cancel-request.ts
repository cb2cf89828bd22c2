// Asks a server to cancel what a connection of it is running: PostgreSQL's own request, over a socket of its own, to the
// very address that the connection leads to. Needs no login.
import type { Socket } from 'node:net'
import pg, { type ClientBase } from 'pg'

interface Cancellable {
  readonly processID: number | null
  readonly secretKey: number | null
  readonly connection: { readonly stream: Socket } | undefined
}

/** pg's types leave these methods out. */
type Canceller = pg.Connection & {
  readonly stream: Socket
  connect(port: number, host: string): void
  cancel(processID: number, secretKey: number): void
}

/** How long a server may take to hear it, in ms. */
const TIMEOUT_MILLIS = 1000

/**
 * Resolves when the server has taken the request; whether there was something left to cancel it does not say. By then it has
 * reached the session: what that runs next is not met by it.
 */
export function cancelOn(client: ClientBase): Promise<void> {
  const { processID, secretKey, connection } = client as unknown as Cancellable
  const { remoteAddress, remotePort } = connection?.stream ?? {}
  if (processID === null || secretKey === null || remoteAddress === undefined || remotePort === undefined) {
    return Promise.resolve()
  }
  return new Promise((resolve, reject) => {
    const canceller = new pg.Connection() as Canceller
    const timer = setTimeout(() => {
      canceller.stream.destroy()
      reject(new Error(`The server did not take a cancel request within ${TIMEOUT_MILLIS} ms`))
    }, TIMEOUT_MILLIS)
    canceller.once('connect', () => canceller.cancel(processID, secretKey))
    canceller.once('end', () => {
      clearTimeout(timer)
      resolve()
    })
    canceller.on('error', (error: Error) => {
      clearTimeout(timer)
      reject(error)
    })
    canceller.connect(remotePort, remoteAddress)
  })
}
