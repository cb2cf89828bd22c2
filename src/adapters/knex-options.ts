// Knex's options -> those of a Pool. Knows nothing of Knex's client.
import type { Knex } from 'knex'
import type { ClientBase, PoolClient } from 'pg'
import type { PoolOptions } from '../config/pool-options.ts'

export type PoolSettings = Knex.PoolConfig

/** What Knex waits for a connection unless it is told otherwise, in ms. */
const ACQUIRE_TIMEOUT_MILLIS = 60_000
const URL_LIKE = /^(jdbc:)?postgres(ql)?:/

/** `given`: Knex's `connection`, or what that has provided where it is a function. */
export function poolOptions(
  given: Knex.Config['connection'],
  config: Knex.Config,
  setUp: (client: PoolClient) => Promise<void>,
): PoolOptions {
  const connection = connectionOptions(given)
  const {
    max = 10,
    min,
    idleTimeoutMillis,
    acquireTimeoutMillis,
    maxConnectionLifetimeMillis,
  } = config.pool ?? {}
  const timeouts = [config.acquireConnectionTimeout, acquireTimeoutMillis].filter(
    (each) => each !== undefined,
  )
  const { onConnect } = connection
  return {
    max,
    connectionTimeoutMillis: Math.min(...(timeouts.length > 0 ? timeouts : [ACQUIRE_TIMEOUT_MILLIS])),
    ...(min === undefined ? {} : { min }),
    ...(idleTimeoutMillis === undefined ? {} : { idleTimeoutMillis }),
    ...(maxConnectionLifetimeMillis === undefined
      ? {}
      : { maxLifetimeSeconds: maxConnectionLifetimeMillis / 1000 }),
    ...connection,
    // pg-pool waits for it, although pg's types do not say so.
    onConnect: (async (client: ClientBase) => {
      await onConnect?.(client)
      await setUp(client as PoolClient)
    }) as unknown as (client: ClientBase) => void,
  }
}

/** Knex takes a URL apart before its client sees it; one with several hosts it takes for a file of SQLite's. */
function connectionOptions(given: Knex.Config['connection']): PoolOptions {
  if (typeof given !== 'object' || given === null) return {}
  const { filename, ...options } = given as PoolOptions & { filename?: string }
  const isUrl = filename !== undefined && URL_LIKE.test(filename)
  const password = (given as PoolOptions).password
  return {
    ...options,
    ...(isUrl ? { connectionString: filename } : {}),
    // Knex hides it from listing, and a spread leaves it behind.
    ...(password === undefined ? {} : { password }),
  }
}
