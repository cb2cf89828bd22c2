// What a behaviour of Knex is, to be seen on Knex's own connections and on ours.
import type { Knex } from 'knex'
import type { Behaviour } from '../behaviour.ts'

export interface SetUp {
  /** In a schema of its own with an empty table `notes`. */
  readonly knex: Knex
  /** Another one on the same schema, with more options; destroyed after the behaviour. */
  open(config: Knex.Config, connection?: object): Knex
  /** Where it is connected to, as Knex's `connection`. */
  readonly connection: object
  /** One statement over a connection of its own. */
  ask(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
}

export type KnexBehaviour = Behaviour<SetUp>
