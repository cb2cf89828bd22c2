// Makes one connection the way pg-pool does: with its time limit, its hooks and its words. For engines that are not built
// on pg-pool.
import type { ClientBase, PoolConfig } from 'pg'
import type { TrackedClient } from '../tracked-client.ts'

export type Log = (...messages: unknown[]) => void

/** Rejects with what kept the connection from being made; nothing is left behind then. */
export async function newConnection(client: TrackedClient, options: PoolConfig, log: Log): Promise<void> {
  await connect(client, options.connectionTimeoutMillis ?? 0, log)
  log('new client connected')
  if (options.onConnect === undefined) return
  try {
    await options.onConnect(client as ClientBase)
  } catch (error) {
    await new Promise<void>((resolve) => client.end(() => resolve()))
    throw error
  }
}

function connect(client: TrackedClient, timeoutMillis: number, log: Log): Promise<void> {
  let isLate = false
  const timer =
    timeoutMillis > 0
      ? setTimeout(() => {
          log('ending client due to timeout')
          isLate = true
          // pg's native client has no connection to reach into.
          if (client.connection === undefined) client.end(() => {})
          else client.connection.stream.destroy()
        }, timeoutMillis)
      : undefined
  return new Promise((resolve, reject) => {
    log('connecting new client')
    client.connect((error: Error | null | undefined) => {
      clearTimeout(timer)
      if (!error) {
        resolve()
        return
      }
      log('client failed to connect', error)
      const message = 'Connection terminated due to connection timeout'
      reject(isLate ? new Error(message, { cause: error }) : error)
    })
  })
}
