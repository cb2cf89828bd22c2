// The library under the checker's hand: nothing is done about an error but to believe what it says.
import { DrainTimeoutError, OutcomeUnknownError, Pool, type PoolOptions } from '../../src/index.ts'
import type { ClusterNode } from '../../src/testing/index.ts'
import { placeOf, type Store } from './store.ts'

/** With these the library says that nobody knows; every other error says that nothing was applied. */
const UNKNOWN = new Set(['PGHA_CONNECTION_LOST', 'PGHA_STALE_PRIMARY', 'PGHA_OUTCOME_UNKNOWN'])

/** As the option of that name takes it, or `tokens`. */
export type Outcomes = NonNullable<PoolOptions['commitOutcome']> | 'tokens'

export class PgHaStore implements Store {
  readonly name: string
  readonly pool: Pool

  constructor(connectionString: string, { name, outcomes }: { name: string; outcomes: Outcomes }) {
    this.name = name
    this.pool = new Pool({
      connectionString,
      max: 10,
      // Half the default time-outs, so that many rounds fit into minutes.
      probeIntervalMillis: 500,
      probeTimeoutMillis: 500,
      ...(outcomes === 'tokens' ? { commitTokens: true } : { commitOutcome: outcomes }),
    })
  }

  async run({ text, values }: Parameters<Store['run']>[0]): ReturnType<Store['run']> {
    const { rows } = await this.pool.query(text, values)
    return placeOf(rows[0])
  }

  outcomeOf(error: unknown): 'failed' | 'unknown' {
    return UNKNOWN.has((error as { code?: string }).code ?? '') ? 'unknown' : 'failed'
  }

  doubt(error: unknown): string {
    const why =
      error instanceof OutcomeUnknownError ? (error.reason ?? 'it was not looked for') : String(error)
    const { message = '', code = message } = ((error as Error).cause ?? {}) as {
      code?: string
      message?: string
    }
    return `${why} [${code}]`.replace(/[\d.]+:\d+/g, 'a node').replace(/\d+/g, 'n')
  }

  /** Resolves even when something there goes on: the switchover then cuts it off. */
  async drain({ host, port }: ClusterNode): Promise<void> {
    await this.pool.drain(`${host}:${port}`, { timeoutMillis: 5000 }).catch((error: unknown) => {
      if (!(error instanceof DrainTimeoutError)) throw error
    })
  }

  async end(): Promise<void> {
    await this.pool.end()
  }
}
