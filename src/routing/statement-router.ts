// Where a text should run: on a standby or on the primary, and why. Remembers what it found out by text; a text that was
// seen before costs one look into a Map. Knows nothing of nodes.
import { classifyStatement, LONGEST_TEXT } from './classify-statement.ts'
import type { FunctionBook } from './function-book.ts'
import { routeHint } from './route-hint.ts'
import { type CalledFunction, functionKey, type StatementClass } from './statement-class.ts'
import { StatementMemory } from './statement-memory.ts'
import type { ParseText } from './syntax-tree.ts'

export interface StatementRoute {
  readonly to: 'standby' | 'primary'
  /** A sentence without a full stop. */
  readonly why: string
}

interface Remembered {
  readonly found: StatementClass
  route: StatementRoute
  /** The book's revision that `route` rests on; null: it rests on nothing that may change. */
  revision: number | null
}

const BOUNDS = { texts: 1_000, characters: 2_000_000 }

const READS: StatementRoute = Object.freeze({ to: 'standby', why: 'it only reads' })
/** Of a text that says itself where it should run. */
const NO_MATTER: StatementClass = Object.freeze({ kind: 'read', calls: [] })
const HINTED = {
  standby: Object.freeze({ to: 'standby', why: 'its comment says so' }),
  primary: Object.freeze({ to: 'primary', why: 'its comment says so' }),
} as const

export class StatementRouter {
  readonly #parse: ParseText
  readonly #functions: FunctionBook
  readonly #memory = new StatementMemory<Remembered>(BOUNDS)

  constructor(parse: ParseText, functions: FunctionBook) {
    this.#parse = parse
    this.#functions = functions
  }

  route(text: string): StatementRoute {
    const known = this.#memory.get(text)
    if (known === undefined) return this.#look(text)
    if (known.revision === null || known.revision === this.#functions.revision) return known.route
    return this.#conclude(known)
  }

  /** A standby has refused to run it: from now on it goes to the primary. */
  remember(text: string, why: string): void {
    const found: StatementClass = { kind: 'write', why }
    this.#memory.set(text, { found, route: primary(why), revision: null })
  }

  #look(text: string): StatementRoute {
    const hint = routeHint(text)
    const found = hint === null ? classifyStatement(text, this.#parse) : NO_MATTER
    const seen: Remembered = { found, route: hint === null ? READS : HINTED[hint], revision: null }
    const route = hint === null ? this.#conclude(seen) : seen.route
    // Such a text is told by its first word or its length: cheaper than keeping it.
    if (text.length <= LONGEST_TEXT) this.#memory.set(text, seen)
    return route
  }

  #conclude(seen: Remembered): StatementRoute {
    const { found } = seen
    seen.revision = null
    if (found.kind === 'write') {
      seen.route = primary(found.why)
    } else if (found.calls.length > 0) {
      seen.route = this.#byCalls(found.calls)
      seen.revision = this.#functions.revision
    }
    return seen.route
  }

  #byCalls(calls: readonly CalledFunction[]): StatementRoute {
    // All of them are noted to be asked about, not only the first that is unknown.
    const known = calls.map((call) => [call, this.#functions.volatility(call)] as const)
    const writing = known.find(([, volatility]) => volatility === 'volatile')
    if (writing !== undefined) return primary(`${functionKey(writing[0])}() may write: it is volatile`)
    const unknown = known.find(([, volatility]) => volatility !== 'harmless')
    if (unknown === undefined) return READS
    const [call, volatility] = unknown
    const name = `${functionKey(call)}()`
    return primary(
      volatility === undefined ? `${name} is not known yet` : `no ${name} is found by the search path`,
    )
  }
}

function primary(why: string): StatementRoute {
  return Object.freeze({ to: 'primary', why })
}
