// Knex on a cluster: Knex's own PostgreSQL client with a Pool of ours in place of its connections. The package's entry
// `pg-ha/knex`. Knows nothing of routing but which statements must not be left to it.
import type { Duplex } from 'node:stream'
import knex, { type Knex } from 'knex'
// Where Knex keeps its dialects; custom clients are made from there.
import PostgresClient from 'knex/lib/dialects/postgres/index.js'
import type { PoolClient } from 'pg'
import { PgHaError } from '../errors.ts'
import { Pool } from '../pool.ts'
import { cancelOn } from '../pooling/cancel-request.ts'
import { type PoolSettings, poolOptions } from './knex-options.ts'

/** Knex's wrapper of a pool that it has not made itself. */
interface WrappedPool {
  acquire(): { promise: Promise<PoolClient> }
  release(client: PoolClient): boolean
  destroy(): Promise<void>
}

/** What Knex hands to its client: a text, or an object made by its builders. */
type Statement = string | { sql?: string; method?: string; options?: Record<string, unknown> }

type StreamArguments = [connection: PoolClient, statement: unknown, stream: Duplex, options: unknown]

class ClusterClient extends PostgresClient {
  /** The Pool behind it: `knex.client.cluster.on('failover', ...)`. */
  declare readonly cluster: Pool

  constructor(config: Knex.Config) {
    if (typeof config?.connection === 'function') {
      const message =
        'Knex: connection must be an object or a string; give password as a function where it changes'
      throw new PgHaError('PGHA_CONFIG', message)
    }
    super(config)
  }

  override initializePool(config: Knex.Config = this.config): void {
    // Called by Knex's own constructor, before fields of ours would exist.
    const given = (config as { connectionPool?: unknown }).connectionPool
    if (given !== undefined) {
      Object.assign(this, { cluster: given })
      super.initializePool(config)
      return
    }
    const setUp = async (client: PoolClient) => {
      await this.setSchemaSearchPath(client)
      await afterCreate(config.pool, client)
    }
    const cluster = new Pool(poolOptions(config, setUp))
    const wrapped: WrappedPool = this.wrapNativePool(cluster)
    Object.assign(this, {
      cluster,
      pool: Object.assign(wrapped, {
        destroy: () => cluster.end(),
        numFree: () => cluster.idleCount,
        numUsed: () => cluster.totalCount - cluster.idleCount,
        numPendingAcquires: () => cluster.waitingCount,
      }),
    })
  }

  override async acquireConnection(): Promise<PoolClient> {
    try {
      return await super.acquireConnection()
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'timeout exceeded when trying to connect')
        throw error
      throw new knex.KnexTimeoutError(
        'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
      )
    }
  }

  override query(connection: PoolClient, statement: Statement): unknown {
    return super.query(connection, placed(statement, this.config.migrations?.tableName ?? 'knex_migrations'))
  }

  /**
   * Knex releases a stream's connection when the stream closes and once more when its query is over: by then somebody else may
   * hold it. Here the end of either is the end of the query, after which it is released once.
   */
  override stream(...given: StreamArguments): Promise<unknown> {
    const [, , stream] = given
    const [releaseAtClose] = stream.listeners('close')
    if (releaseAtClose !== undefined) stream.off('close', releaseAtClose as () => void)
    const closed = new Promise<void>((resolve) => stream.once('close', resolve))
    return Promise.race([super.stream(...given), closed])
  }

  /** On the very server that runs the statement, whichever that is. */
  override async cancelQuery(connection: PoolClient): Promise<void> {
    await cancelOn(connection)
  }
}

/**
 * What Knex asks for the sake of a schema or of its migrations, it must not hear from a standby that is behind. A function:
 * the clients of Knex's transactions share the methods but were never constructed, so nothing private is theirs.
 */
function placed(statement: Statement, migrationTable: string): Statement {
  if (typeof statement === 'string' || statement.sql === undefined) return statement
  const { method, sql } = statement
  if (method !== undefined && !sql.includes(migrationTable)) return statement
  return { ...statement, options: { route: 'primary', ...statement.options } }
}

/**
 * For Knex's option `client`: `knex({ client: PgHaClient, connection: { host: ['h1', 'h2'], ... } })`. `connection` takes the
 * options of `Pool`, a multi-host connection string included; in its place `connectionPool` takes a `Pool`.
 *
 * With `readWriteSplitting: 'auto'` what Knex's query builder or `raw` reads may go to standbys; transactions, schema building
 * and migrations stay on the primary. `.comment('pg-ha: primary')` says so of one query.
 */
export const PgHaClient = ClusterClient as unknown as typeof Knex.Client
/** `cluster` is the Pool behind it. */
export type PgHaClient = Knex.Client & { readonly cluster: Pool }

type AfterCreate = (connection: unknown, done: (error?: Error | null) => void) => void

function afterCreate(settings: PoolSettings | undefined, client: PoolClient): Promise<void> {
  const hook = settings?.afterCreate as AfterCreate | undefined
  if (hook === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    hook(client, (error) => (error ? reject(error) : resolve()))
  })
}
