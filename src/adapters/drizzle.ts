// Drizzle on a cluster: Drizzle's own node-postgres driver over a Pool of ours, with a hand on where a query goes. The
// package's entry `pg-ha/drizzle`. Decides nothing: the pool does.
import type { DrizzleConfig } from 'drizzle-orm'
import { drizzle as drizzleOnPg, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PoolOptions } from '../config/pool-options.ts'
import { Pool } from '../pool.ts'

type Schema = Record<string, unknown>

/** Drizzle's database; each query goes where its statement belongs, and its transactions stay on one connection. */
export type PgHaDatabase<TSchema extends Schema = Record<string, never>> = NodePgDatabase<TSchema> & {
  readonly $client: Pool
  /** The same on the primary alone: for a read that must see what was just written. */
  readonly $primary: NodePgDatabase<TSchema>
  /** The same on standbys, or on the primary where there is none: in sessions that cannot write. */
  readonly $standby: NodePgDatabase<TSchema>
}

export type PgHaDrizzleConfig<TSchema extends Schema> = DrizzleConfig<TSchema> &
  ({ readonly client: Pool } | { readonly connection: string | PoolOptions })

/**
 * As Drizzle's own `drizzle`: takes a `Pool`, a connection string, or `{ client }` or `{ connection }` beside Drizzle's own
 * options. A pool that it makes itself has `readWriteSplitting: 'auto'` unless told otherwise, and so needs `libpg-query`;
 * one that it is given splits as it was told.
 */
export function drizzle<TSchema extends Schema = Record<string, never>>(
  given: Pool | string | PgHaDrizzleConfig<TSchema>,
  config?: DrizzleConfig<TSchema>,
): PgHaDatabase<TSchema> {
  if (given instanceof Pool) return onPool(given, config)
  if (typeof given === 'string') return onPool(made(given), config)
  if ('client' in given) {
    const { client, ...rest } = given
    return onPool(client, rest as DrizzleConfig<TSchema>)
  }
  const { connection, ...rest } = given
  return onPool(made(connection), rest as DrizzleConfig<TSchema>)
}

function made(connection: string | PoolOptions): Pool {
  const options = typeof connection === 'string' ? { connectionString: connection } : connection
  return new Pool({ readWriteSplitting: 'auto', ...options })
}

function onPool<TSchema extends Schema>(
  pool: Pool,
  config: DrizzleConfig<TSchema> = {},
): PgHaDatabase<TSchema> {
  const on = (target: typeof pool.read) => drizzleOnPg(target, config)
  const [db, primary] = [drizzleOnPg(pool, config), on(pool.write)]
  migrateOn(primary, db)
  return Object.assign(db, { $primary: primary, $standby: on(pool.read) })
}

/** What Drizzle's migrator works with, and its types leave out. */
interface Migratable {
  readonly dialect: { migrate(migrations: unknown, session: unknown, config: unknown): Promise<void> }
  readonly session: unknown
}

/**
 * Drizzle's migrator asks what has been migrated before it begins a transaction: a standby that is behind would have it run a
 * migration twice.
 */
function migrateOn(primary: object, db: object): void {
  const { dialect, session } = primary as Migratable
  Object.assign((db as Migratable).dialect, {
    migrate: (...[migrations, , config]: unknown[]) => dialect.migrate(migrations, session, config),
  } satisfies Migratable['dialect'])
}
