// Knex on a cluster: Knex's own PostgreSQL client with a Pool of ours in place of its connections. The package's entry
// `pg-ha/knex`. Knows nothing of routing but which statements must not be left to it.
import type { Duplex } from 'node:stream'
import knex, { type Knex } from 'knex'
// Where Knex keeps its dialects; custom clients are made from there.
import PostgresClient from 'knex/lib/dialects/postgres/index.js'
import type { PoolClient } from 'pg'
import { Pool } from '../pool.ts'
import { cancelOn } from '../pooling/cancel-request.ts'
import { type PoolSettings, poolOptions } from './knex-options.ts'
import { ClusterPool, type Provide, ProvidedSource, sourceOf } from './knex-pool.ts'

/** What Knex hands to its client: a text, or an object made by its builders. */
type Statement = string | { sql?: string; method?: string; options?: Record<string, unknown> }

/** What pg-pool says to whoever got no connection in time: all were in use, or the server did not answer. */
const TOO_LATE: ReadonlySet<string> = new Set([
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
])

type StreamArguments = [connection: PoolClient, statement: unknown, stream: Duplex, options: unknown]

class ClusterClient extends PostgresClient {
  declare pool: ClusterPool | undefined

  /** The Pool behind it: `knex.client.cluster.on('failover', ...)`. */
  get cluster(): Pool | undefined {
    return connectionPool(this.config) ?? this.pool?.source.cluster
  }

  /** Called by Knex's own constructor, before fields of ours would exist. */
  override initializePool(config: Knex.Config = this.config): void {
    if (this.pool !== undefined || connectionPool(config) !== undefined) {
      super.initializePool(config)
      return
    }
    const setUp = async (client: PoolClient) => {
      await this.setSchemaSearchPath(client)
      await afterCreate(config.pool, client)
    }
    const { connection } = this.config
    const settings = { ...this.config, pool: config.pool ?? {} }
    const make = (given: typeof connection) => new Pool(poolOptions(given, settings, setUp))
    const source =
      typeof connection === 'function'
        ? new ProvidedSource(connection as Provide, (provided) => make(provided as typeof connection))
        : sourceOf(make(connection))
    this.pool = new ClusterPool(source, (lender) => this.wrapNativePool(lender as Pool))
  }

  override async acquireConnection(): Promise<PoolClient> {
    try {
      return await super.acquireConnection()
    } catch (error) {
      if (!(error instanceof Error) || !TOO_LATE.has(error.message)) throw error
      const message =
        'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?'
      throw Object.assign(new knex.KnexTimeoutError(message), { cause: error })
    }
  }

  /** A connection of one's own, to listen on for example: to the primary. Knex's `destroyRawConnection` ends it. */
  override async acquireRawConnection(): Promise<PoolClient> {
    const cluster = connectionPool(this.config) ?? (await this.pool?.source.get())
    if (cluster === undefined) throw new Error('Unable to acquire a connection')
    return (cluster.write ?? cluster).connect()
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
 * options of `Pool`, a multi-host connection string included, or a function that provides them; in its place
 * `connectionPool` takes a `Pool`.
 *
 * With `readWriteSplitting: 'auto'` what Knex's query builder or `raw` reads may go to standbys; transactions, schema building
 * and migrations stay on the primary. `.comment('pg-ha: primary')` says so of one query.
 */
export const PgHaClient = ClusterClient as unknown as typeof Knex.Client
/** `cluster` is the Pool behind it; where `connection` is a function there is none before the first query. */
export type PgHaClient = Knex.Client & { readonly cluster: Pool }

/** What Knex takes in place of `connection`; its types do not tell. */
function connectionPool(config: Knex.Config): Pool | undefined {
  return (config as { connectionPool?: Pool }).connectionPool
}

type AfterCreate = (connection: unknown, done: (error?: Error | null) => void) => void

function afterCreate(settings: PoolSettings | undefined, client: PoolClient): Promise<void> {
  const hook = settings?.afterCreate as AfterCreate | undefined
  if (hook === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    hook(client, (error) => (error ? reject(error) : resolve()))
  })
}
