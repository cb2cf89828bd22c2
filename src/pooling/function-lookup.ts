// Asks the cluster what it knows of functions, for the book that the routing of statements rests on. One question at a
// time; a failure is no more than a delay, during which the statements concerned go to the primary.
import createDebug from 'debug'
import type { FunctionBook } from '../routing/function-book.ts'
import { type FunctionRow, knowledgeOf } from '../routing/function-volatility.ts'
import type { CalledFunction } from '../routing/statement-class.ts'

const debug = createDebug('pg-ha:functions')

/** Runs on servers 12 to 18, for any role, in a session like those of the application: the search path is its own. */
export const FUNCTION_QUERY = `
select n.nspname::text as schema, p.proname::text as name,
  bool_or(p.provolatile = 'v' or p.prokind = 'p')::text as is_volatile,
  (n.nspname = any(pg_catalog.current_schemas(true)))::text as is_on_path
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.proname = any($1::text[])
group by n.nspname, p.proname`

/** How old what is known may become: a function that is replaced is known as it was for so long. */
const FRESH_MILLIS = 60_000
const RETRY_MILLIS = 1_000

export interface FunctionLookupOptions {
  readonly book: FunctionBook
  /** Runs the query with these names; rows of texts. */
  readonly ask: (names: readonly string[]) => Promise<readonly Readonly<Record<string, unknown>>[]>
  readonly clock: () => number
}

export class FunctionLookup {
  readonly #options: FunctionLookupOptions
  #asking: Promise<void> | null = null
  #dueMillis = 0
  #refreshMillis = Number.POSITIVE_INFINITY

  constructor(options: FunctionLookupOptions) {
    this.#options = options
  }

  /** Asks what has not been asked yet, or is too old. Returns at once. */
  keepUp(): void {
    if (this.#asking !== null) return
    const { book, clock } = this.#options
    const nowMillis = clock()
    if (nowMillis >= this.#refreshMillis) this.#asking = this.#ask(book.allNames(), nowMillis)
    else if (book.hasUnasked && nowMillis >= this.#dueMillis)
      this.#asking = this.#ask(book.takeUnasked(), nowMillis)
  }

  /** Resolves when what is asked now is answered, or has failed. */
  async settled(): Promise<void> {
    await this.#asking
  }

  async #ask(calls: readonly CalledFunction[], nowMillis: number): Promise<void> {
    const { book, ask } = this.#options
    try {
      const rows = await ask([...new Set(calls.map(({ name }) => name))])
      book.learn(knowledgeOf(calls, rows.map(functionRow)))
      if (nowMillis >= this.#refreshMillis || this.#refreshMillis === Number.POSITIVE_INFINITY) {
        this.#refreshMillis = nowMillis + FRESH_MILLIS
      }
    } catch (error) {
      debug('the functions could not be asked about: %s', error)
      book.putBack(calls)
      this.#dueMillis = nowMillis + RETRY_MILLIS
      if (nowMillis >= this.#refreshMillis) this.#refreshMillis = this.#dueMillis
    } finally {
      this.#asking = null
    }
    if (book.hasUnasked) this.keepUp()
  }
}

function functionRow(row: Readonly<Record<string, unknown>>): FunctionRow {
  return {
    schema: String(row.schema),
    name: String(row.name),
    isVolatile: row.is_volatile === 'true',
    isOnPath: row.is_on_path === 'true',
  }
}
