// Knex brings no types for its dialects: what our client builds on.
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Duplex } from 'node:stream'
  import type { Knex } from 'knex'
  import type { Pool, PoolClient } from 'pg'

  class PostgresClient {
    constructor(config: Knex.Config)
    readonly config: Knex.Config
    pool: unknown
    initializePool(config?: Knex.Config): void
    acquireConnection(): Promise<PoolClient>
    acquireRawConnection(): Promise<PoolClient>
    query(connection: PoolClient, statement: unknown): unknown
    stream(connection: PoolClient, statement: unknown, stream: Duplex, options: unknown): Promise<unknown>
    cancelQuery(connection: PoolClient): Promise<void>
    setSchemaSearchPath(connection: PoolClient): Promise<unknown>
    wrapNativePool(pool: Pick<Pool, 'connect'>): {
      acquire(): { promise: Promise<PoolClient> }
      release(client: PoolClient): boolean
    }
  }

  export = PostgresClient
}
