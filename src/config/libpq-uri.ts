// Reads libpq's URI: postgresql://user:password@host:port,host:port/dbname?name=value, as libpq 18 does. Knows nothing
// of what a parameter means. Never quotes the text in a fault, but for harmless names.
//
// Deliberate differences from libpq:
// - the names in EXTRA_KEYWORDS are taken; a NUL and percent-encoded bytes that are not UTF-8 are faults
// More of them for a pool:
// - names that libpq does not know are kept; `ssl` stays as it is, also where libpq reads `sslmode=require`
// - what libpq refuses is read as pg would: a raw space is kept (around a host it is dropped), a value may hold '=',
//   empty pieces of the query are skipped; with one host a '%' in user or password that begins no encoding is itself
// - where libpq could take a piece of a raw password for a host: user and password end at the last '@' before the first
//   '/' or '?', with several hosts a second '@' is a fault, and so is an '@' in the path (%40 is none)
import type { Reading } from './keyword-store.ts'
import { KeywordStore } from './keyword-store.ts'
import type { ParameterText, Report } from './parsed-string.ts'
import { decodeAsLibpq, indexOrEnd, type Tolerance } from './percent-encoding.ts'
import { next, outlineUri, type RefuseAt, type Span, type UriOutline } from './uri-outline.ts'
import { readUriQuery } from './uri-query.ts'

const SCHEME = /^postgres(?:ql)?:\/\//
const SCHEME_IN_ANY_CASE = /^postgres(?:ql)?:\/\//i

/** What may be a list of hosts, and no user with a password: names, and ports of digits only. */
const HOST_LIST = /^(?:\[[^\]]*\]|[^:,]*)(?::\d*)?(?:,(?:\[[^\]]*\]|[^:,]*)(?::\d*)?)*$/

export function isLibpqUri(text: string, { anyCase }: { readonly anyCase: boolean }): boolean {
  return (anyCase ? SCHEME_IN_ANY_CASE : SCHEME).test(text)
}

export interface TextOptions {
  readonly reading: Reading
  readonly report: Report
  /** How much stands before the text, for the positions in faults. Default 0. */
  readonly offset?: number
}

/** Expects text that `isLibpqUri` accepts. What is malformed is reported and left out. */
export function readLibpqUri(text: string, options: TextOptions): ReadonlyMap<string, ParameterText> {
  const { reading, report, offset = 0 } = options
  let isSound = true
  const refuse: RefuseAt = (message, index) => {
    isSound = false
    report(`${message}, at position ${offset + index + 1}`)
  }
  const start = schemeLength(text)
  const at = reading === 'tolerant' ? lastAt(text, start, refuse) : firstAt(text, start)
  const outline = outlineUri(text, { start, at, refuse })
  const isTolerant = reading === 'tolerant'
  const read = (spans: readonly Span[], tolerance: Tolerance = {}) =>
    decodeSpans({ text, spans, refuse, tolerance: { keepsSpaces: isTolerant, ...tolerance } })
  const ofUser = { keepsPercent: isTolerant && outline.hosts.length === 1 }
  const parts: readonly [string, string | undefined][] = [
    ['user', outline.user && read([outline.user], ofUser)],
    ['password', outline.password && read([outline.password], ofUser)],
    ['host', trimmed(read(outline.hosts), isTolerant)],
    ['port', trimmed(read(outline.ports), isTolerant)],
    ['dbname', outline.dbname && read([outline.dbname])],
  ]
  const store = new KeywordStore({ reading, report, isQuotable: isSound && isQueryQuotable(text, outline) })
  for (const [name, value] of parts) {
    if (value !== undefined && !isLeftOut(name, outline))
      store.parameters.set(name, { value, isQuotable: false })
  }
  if (outline.query !== undefined) readUriQuery(text, { span: outline.query, store, reading, offset })
  return store.parameters
}

/**
 * Reads for a pool: as libpq does where that is safe, else as pg would. The text is the same for both, so what libpq
 * accepts keeps its meaning.
 */
export function readPoolUri(text: string, { report, offset = 0 }: Omit<TextOptions, 'reading'>) {
  let isAccepted = true
  const refused = () => {
    isAccepted = false
  }
  const parameters = readLibpqUri(text, { reading: 'pool', report: refused, offset })
  if (isAccepted && !mayMistakePassword(text)) return parameters
  return readLibpqUri(text, { reading: 'tolerant', report, offset })
}

/** Whether libpq could take a piece of a password that is not percent-encoded for a host or a database. */
function mayMistakePassword(text: string): boolean {
  const start = schemeLength(text)
  const at = firstAt(text, start)
  const end = next(text, start, '/?')
  const path = text.slice(end, next(text, end, '?'))
  if (path.includes('@')) return true
  if (at === undefined) return false
  // An '@' behind a '?': a value of the query for pg, the end of user and password for libpq.
  if (at > end) return HOST_LIST.test(text.slice(start, end)) || text.indexOf('@', at + 1) !== -1
  return text.slice(at + 1, end).includes('@')
}

function schemeLength(text: string): number {
  return indexOrEnd(text, /:\/\//) + 3
}

function firstAt(text: string, start: number): number | undefined {
  const index = next(text, start, '@/')
  return text[index] === '@' ? index : undefined
}

function lastAt(text: string, start: number, refuse: RefuseAt): number | undefined {
  const end = next(text, start, '/?')
  const authority = text.slice(start, end)
  const last = authority.lastIndexOf('@')
  const pathAt = text.slice(end, next(text, end, '?')).indexOf('@')
  if (pathAt !== -1) {
    refuse("an '@' after the first '/': percent-encode '/' as %2F and '@' as %40 in a password", end + pathAt)
  }
  if (last === -1) return undefined
  const first = authority.indexOf('@')
  if (first !== last && authority.slice(first).includes(',')) {
    const rule = 'user and password stand once, before the first host'
    refuse(`more than one '@': ${rule}; percent-encode '@' as %40, ',' as %2C`, start + last)
  }
  return start + last
}

interface SpansToDecode {
  readonly text: string
  readonly spans: readonly Span[]
  readonly refuse: RefuseAt
  readonly tolerance: Tolerance
}

/** As libpq: a list is decoded as one text, so that an encoded comma separates, too. */
function decodeSpans({ text, spans, refuse, tolerance }: SpansToDecode): string | undefined {
  const decoded = decodeAsLibpq(spans.map(({ from, to }) => text.slice(from, to)).join(','), tolerance)
  if (!('fault' in decoded)) return decoded.value
  let { index } = decoded.fault
  const span = spans.find(({ from, to }) => {
    if (index <= to - from) return true
    index -= to - from + 1
    return false
  })
  refuse(decoded.fault.reason, (span?.from ?? 0) + index)
  return undefined
}

/** libpq drops a part that is written empty; one that is only spaces is there, and empty. */
function isLeftOut(name: string, outline: UriOutline): boolean {
  const isEmpty = ({ from, to }: Span) => from === to
  switch (name) {
    case 'user':
      return outline.user === undefined || isEmpty(outline.user)
    case 'password':
      return outline.password === undefined || isEmpty(outline.password)
    case 'dbname':
      return outline.dbname === undefined || isEmpty(outline.dbname)
    default: {
      const spans = name === 'host' ? outline.hosts : outline.ports
      return spans.length === 1 && spans.every(isEmpty)
    }
  }
}

function trimmed(list: string | undefined, isTolerant: boolean): string | undefined {
  if (!isTolerant || list === undefined) return list
  return list
    .split(',')
    .map((item) => item.trim())
    .join(',')
}

/**
 * Whether the query is one. A raw '@' in it, a port that is no number, or one host and port with nothing behind them
 * hint at a user and a password that was cut in two by its own '?'.
 */
function isQueryQuotable(text: string, { user, ports, dbname, query }: UriOutline): boolean {
  if (query === undefined) return true
  if (text.includes('@', query.from)) return false
  if (!ports.every(({ from, to }) => /^\d*$/.test(text.slice(from, to)))) return false
  const [port] = ports
  const mayBePassword = ports.length === 1 && port !== undefined && port.from < port.to
  return user !== undefined || dbname !== undefined || !mayBePassword
}
