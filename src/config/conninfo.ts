// Reads libpq's keyword=value string: host=h1,h2 port=5432 password='it''s' and so on, as conninfo_parse of libpq 18
// does. Knows nothing of what a keyword means. Never quotes the text in a fault, but for harmless names.
//
// Deliberate differences from libpq:
// - the names in EXTRA_KEYWORDS are taken; a NUL is a fault
// - a `dbname` that is itself a connection string is expanded, as PQconnectdbParams does and PQconnectdb does not: what
//   it names counts over what stands before it, what stands behind it counts over that; only the first `dbname`, and
//   none within it
// For a pool, names that libpq does not know are kept.
import { KeywordStore } from './keyword-store.ts'
import { EXTRA_KEYWORDS, LIBPQ_KEYWORDS } from './libpq-keywords.ts'
import { isLibpqUri, readLibpqUri, type TextOptions } from './libpq-uri.ts'
import type { ParameterText } from './parsed-string.ts'
import { next } from './uri-outline.ts'

const SPACES = ' \t\n\v\f\r'

export function readConninfo(text: string, options: TextOptions): ReadonlyMap<string, ParameterText> {
  return readKeywords(text, options, { expandsDbname: true })
}

/** As libpq's recognized_connection_string. */
function isConnectionString(text: string): boolean {
  return isLibpqUri(text, { anyCase: false }) || text.includes('=')
}

function readKeywords(
  text: string,
  { reading, report, offset = 0 }: TextOptions,
  { expandsDbname }: { readonly expandsDbname: boolean },
): ReadonlyMap<string, ParameterText> {
  // Text that does not begin with a keyword may be anything, a lone password included.
  const store = new KeywordStore({ reading, report, isQuotable: beginsWithKeyword(text) })
  const refuse = (message: string, index: number) =>
    store.refuse(`${message} in connection info string, at position ${offset + index + 1}`)
  let mayExpand = expandsDbname
  let index = skipSpaces(text, 0)
  for (let number = 1; index < text.length; number += 1) {
    const nameEnd = next(text, index, `=${SPACES}`)
    const equals = skipSpaces(text, nameEnd)
    if (text[equals] !== '=') {
      const hint = /^[a-z+:]{1,20}:\//i.test(text) ? ' (a URI begins with postgresql:// or postgres://)' : ''
      refuse(`missing "=" after the name${hint}`, index)
      return store.parameters
    }
    const name = text.slice(index, nameEnd)
    const from = skipSpaces(text, equals + 1)
    const { value, end } = text[from] === "'" ? readQuoted(text, from + 1) : readBare(text, from)
    if (value === undefined) {
      refuse('unterminated quoted string', from)
      return store.parameters
    }
    if (name === 'dbname' && mayExpand && isConnectionString(value)) {
      store.putAll(readNested(value, { reading, report }))
    } else store.put({ name, value, kind: 'connection option', number })
    if (name === 'dbname') mayExpand = false
    index = skipSpaces(text, end)
  }
  return store.parameters
}

function beginsWithKeyword(text: string): boolean {
  const from = skipSpaces(text, 0)
  const name = text.slice(from, next(text, from, `=${SPACES}`))
  return LIBPQ_KEYWORDS.has(name) || EXTRA_KEYWORDS.has(name)
}

function readNested(text: string, { reading, report }: TextOptions): ReadonlyMap<string, ParameterText> {
  const options = { reading, report: (message: string) => report(`in the value of dbname: ${message}`) }
  return isLibpqUri(text, { anyCase: false })
    ? readLibpqUri(text, options)
    : readKeywords(text, options, { expandsDbname: false })
}

interface Value {
  /** Undefined: its quote does not end. */
  readonly value: string | undefined
  readonly end: number
}

/** A backslash makes the next character ordinary; one at the very end is nothing. */
function readBare(text: string, from: number): Value {
  let value = ''
  let index = from
  for (;;) {
    const stop = next(text, index, `\\${SPACES}`)
    value += text.slice(index, stop)
    if (text[stop] !== '\\') return { value, end: stop }
    value += text.charAt(stop + 1)
    index = stop + 2
  }
}

function readQuoted(text: string, from: number): Value {
  let value = ''
  let index = from
  for (;;) {
    const stop = next(text, index, "\\'")
    if (stop >= text.length) return { value: undefined, end: stop }
    value += text.slice(index, stop)
    if (text[stop] === "'") return { value, end: stop + 1 }
    value += text.charAt(stop + 1)
    index = stop + 2
  }
}

function skipSpaces(text: string, from: number): number {
  let index = from
  while (index < text.length && SPACES.includes(text.charAt(index))) index += 1
  return index
}
