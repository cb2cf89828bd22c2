// What a behaviour of Knex is, to be seen on Knex's own connections and on ours.
import type { Knex } from 'knex'

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

export interface Behaviour {
  readonly title: string
  run(setUp: SetUp): Promise<unknown>
  /** What `run` resolves to, with the original as with ours. */
  readonly gives: unknown
}

export interface Failure {
  readonly name: string
  readonly message: string
  readonly code?: unknown
}

/** What a promise rejects with, or that it does not. */
export async function failure(work: PromiseLike<unknown>): Promise<Failure | string> {
  try {
    await work
    return 'did not fail'
  } catch (error) {
    const { name, message, code } = error as Failure
    return code === undefined ? { name, message } : { name, message, code }
  }
}
