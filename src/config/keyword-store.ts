// Gathers the parameters of a libpq URI or a keyword=value string, as libpq's conninfo_storeval does.
import { isHarmless } from './fault-list.ts'
import { EXTRA_KEYWORDS, isSecret, LIBPQ_KEYWORDS } from './libpq-keywords.ts'
import { nearestName } from './nearest-name.ts'
import type { ParameterText, Report } from './parsed-string.ts'

/**
 * How a text is read: `strict` as libpq 18 does; `pool` likewise, but names that libpq does not know, and `ssl`, are
 * kept for the pool to judge; `tolerant` also takes what pg takes and libpq does not.
 */
export type Reading = 'strict' | 'pool' | 'tolerant'

export interface Keyword {
  readonly name: string
  readonly value: string
  /** What it is in libpq's words, and which one, from 1. */
  readonly kind: 'URI query parameter' | 'connection option'
  readonly number: number
}

export class KeywordStore {
  readonly parameters = new Map<string, ParameterText>()
  readonly #reading: Reading
  readonly #report: Report
  /** Once something may be the rest of a raw password, so may all that follows. */
  #isQuotable: boolean

  constructor(options: { reading: Reading; report: Report; isQuotable: boolean }) {
    this.#reading = options.reading
    this.#report = options.report
    this.#isQuotable = options.isQuotable
  }

  /** A fault: from here on nothing is quoted. */
  refuse(message: string): void {
    this.#isQuotable = false
    this.#report(message)
  }

  put({ name, value, kind, number }: Keyword): void {
    if (isSecret(name)) this.#isQuotable = false
    const isQuotable = this.#isQuotable && isHarmless(name)
    // Old names that libpq still translates.
    if (name === 'requiressl') {
      this.#set('sslmode', { value: value.startsWith('1') ? 'require' : 'prefer', isQuotable })
    } else if (this.#reading !== 'strict' || LIBPQ_KEYWORDS.has(name) || EXTRA_KEYWORDS.has(name)) {
      this.#set(name, { value, isQuotable })
    } else {
      // The suggestion is a word of our own, so it may be given where the name itself may not.
      const shown = isQuotable ? `: "${name}"` : ` (${number}), not shown as it may belong to a password`
      const nearest = nearestName(name, [...LIBPQ_KEYWORDS, ...EXTRA_KEYWORDS])
      const suggestion = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`
      this.#report(`invalid ${kind}${shown}${suggestion}`)
    }
  }

  /** What overrides all that was put before, quotable only as far as this store still is. */
  putAll(parameters: ReadonlyMap<string, ParameterText>): void {
    for (const [name, { value, isQuotable }] of parameters) {
      this.#set(name, { value, isQuotable: isQuotable && this.#isQuotable })
    }
  }

  #set(name: string, text: ParameterText): void {
    this.parameters.set(name, text)
  }
}
