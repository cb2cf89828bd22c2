// Gives out commit tokens, and deletes now and then those that nobody can ask for any more. Keeps no timer: a process that
// writes none deletes none.
import { randomUUID } from 'node:crypto'
import type { RouteRequest } from '../routing/request.ts'
import { DROP_OLD_TOKENS, TOKENS_AT_A_TIME } from './commit-tokens.ts'
import type { Dispatcher } from './dispatcher.ts'
import { takeLease } from './lease.ts'

export interface TokenKeeperOptions {
  readonly dispatcher: Dispatcher
  /** Leads to the primary. */
  readonly request: RouteRequest
  readonly clock: () => number
  readonly random: () => number
}

const HOUR_MILLIS = 3_600_000
/** Far beyond any look for a lost commit. */
const OLDEST_SECONDS = 86_400

export class TokenKeeper {
  readonly #options: TokenKeeperOptions
  /** Never at the same moment in a thousand processes. */
  #dueAtMillis: number

  constructor(options: TokenKeeperOptions) {
    this.#options = options
    this.#dueAtMillis = options.clock() + options.random() * HOUR_MILLIS
  }

  give(): string {
    const { clock, random } = this.#options
    const nowMillis = clock()
    if (nowMillis >= this.#dueAtMillis) {
      this.#dueAtMillis = nowMillis + (0.5 + random()) * HOUR_MILLIS
      // Whoever may not delete leaves it to others; any failure leaves it to the next time.
      this.dropOld().catch(() => {})
    }
    return randomUUID()
  }

  /** Deletes all that are older than a day, some at a time. */
  async dropOld(): Promise<void> {
    const { client, release } = await takeLease(this.#options.dispatcher, this.#options)
    try {
      let dropped: number | null
      do {
        dropped = (await client.query(DROP_OLD_TOKENS, [OLDEST_SECONDS])).rowCount
      } while (dropped === TOKENS_AT_A_TIME)
      release()
    } catch (error) {
      release(true)
      throw error
    }
  }
}
