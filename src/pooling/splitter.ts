// Splits what an application sends through one pool: which statement goes to a standby, which to the primary. Loads the
// grammar, keeps what is known of functions up to date, and remembers what standbys refuse.
import type { QueryConfig, Submittable } from 'pg'
import { errorCode, isReportedByServer } from '../failover/classify-error.ts'
import { FunctionBook } from '../routing/function-book.ts'
import { type AfterRefusal, afterRefusal } from '../routing/refused-read.ts'
import type { StatementRoute, StatementRouter } from '../routing/statement-router.ts'
import { FunctionLookup, type FunctionLookupOptions } from './function-lookup.ts'
import { loadGrammar } from './grammar.ts'

/** What pg takes for a query, and where one may say itself where it is to run. */
export type QueryInput = string | QueryConfig | Submittable | RoutedQuery

/** Beside pg's own fields. */
export interface RoutedQuery {
  /** Default: by what the statement does. */
  readonly route?: 'primary' | 'standby' | undefined
  /**
   * Of `pool.query`: an abort takes it out of every line at once, and cancels it on the server where it runs. It rejects with
   * the signal's reason where nothing was applied, with `OutcomeUnknownError` (its `cause` is the reason) where that is not
   * sure, and gives the result if the statement was done before.
   */
  readonly signal?: AbortSignal | undefined
}

const BY_OPTION = {
  primary: Object.freeze({ to: 'primary', why: 'its option route says so' }),
  standby: Object.freeze({ to: 'standby', why: 'its option route says so' }),
} as const
const NO_TEXT: StatementRoute = Object.freeze({ to: 'primary', why: 'its text is not known' })

export class Splitter {
  readonly #functions = new FunctionBook()
  readonly #lookup: FunctionLookup
  #router: StatementRouter | null = null
  #loading: Promise<StatementRouter> | null = null

  constructor(options: Omit<FunctionLookupOptions, 'book'>) {
    this.#lookup = new FunctionLookup({ ...options, book: this.#functions })
  }

  /** Calls back in the same turn once the grammar is loaded. An error is the same for every statement. */
  whenReady(callback: (error: Error | undefined) => void): void {
    if (this.#router !== null) {
      callback(undefined)
      return
    }
    this.#loading ??= this.#load()
    this.#loading.then(
      (router) => {
        this.#router = router
        // What a callback throws is its owner's, as from a socket's event.
        process.nextTick(callback, undefined)
      },
      (error: Error) => {
        this.#loading = null
        process.nextTick(callback, error)
      },
    )
  }

  /** What only pools that split have a use for is not loaded by the others. */
  async #load(): Promise<StatementRouter> {
    const [{ StatementRouter }, parse] = await Promise.all([
      import('../routing/statement-router.ts'),
      loadGrammar(),
    ])
    return new StatementRouter(parse, this.#functions)
  }

  /** Only once it is ready. */
  route(query: QueryInput): StatementRoute {
    const option = routeOption(query)
    if (option !== undefined) return BY_OPTION[option]
    const text = queryText(query)
    if (text === null || this.#router === null) return NO_TEXT
    const route = this.#router.route(text)
    this.#lookup.keepUp()
    return route
  }

  /** As `route`, but with every function asked about first. */
  async explain(query: QueryInput): Promise<StatementRoute> {
    await new Promise<void>((resolve, reject) => {
      this.whenReady((error) => (error === undefined ? resolve() : reject(error)))
    })
    this.route(query)
    await this.#lookup.settled()
    return this.route(query)
  }

  /** What becomes of a read that a standby answered with this error. */
  refused(query: QueryInput, error: Error): AfterRefusal {
    if (!isReportedByServer(error)) return 'no'
    const code = errorCode(error)
    const step = afterRefusal(code)
    const text = queryText(query)
    if (step === 'remember' && text !== null) {
      this.#router?.remember(text, `a standby refused it (${code}: ${error.message})`)
    }
    return step
  }
}

/** @throws TypeError for anything else than what it may be. */
export function routeOption(query: QueryInput): 'primary' | 'standby' | undefined {
  if (typeof query !== 'object' || query === null) return undefined
  const { route } = query as { route?: unknown }
  if (route === undefined || route === 'primary' || route === 'standby') return route
  throw new TypeError(`route: ${JSON.stringify(route)} given, expected 'primary' or 'standby'`)
}

/** Also of a query object: pg's own, a cursor, a stream over a cursor. */
export function queryText(query: QueryInput): string | null {
  if (typeof query === 'string') return query
  if (typeof query !== 'object' || query === null) return null
  const { text, cursor } = query as { text?: unknown; cursor?: { text?: unknown } }
  if (typeof text === 'string') return text
  return typeof cursor?.text === 'string' ? cursor.text : null
}

export function isSubmittable(query: unknown): query is Submittable {
  return typeof query === 'object' && query !== null && 'submit' in query
}
