// What a behaviour of Drizzle is, to be seen over a pool of pg's and over ours.
import type { DrizzleConfig } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import type { Behaviour } from '../behaviour.ts'
import type * as schema from './schema.ts'

export type Database = NodePgDatabase<typeof schema> & { readonly $client: pg.Pool }

export interface SetUp {
  /** In a schema of its own with the empty tables of schema.ts. */
  readonly db: Database
  /** Another one on the same tables; ended after the behaviour. */
  open(config?: DrizzleConfig<typeof schema>, options?: pg.PoolConfig): Database
  /** One statement over a connection of its own. */
  ask(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** A folder of its own, for files; removed after the behaviour. */
  readonly folder: string
}

export type DrizzleBehaviour = Behaviour<SetUp>
