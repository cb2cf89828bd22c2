// Reads pgjdbc's URL: jdbc:postgresql://host:port,host:port/database?name=value, as pgjdbc 42.7 does. Knows nothing of
// what a property means, but for the three that say where a database is. Never quotes the text in a fault.
//
// Kept from pgjdbc: the '/' behind the hosts is needed, a second one is a fault; a host without a port has 5432; '+' is a
// space but among the hosts; a bare name in the query is an empty value, empty pieces are skipped, a value may hold '=';
// host, port and dbname in the query are PGHOST, PGPORT and PGDBNAME and replace what stands before; trailing empty
// hosts are dropped; unknown properties are kept.
// Deliberate differences from pgjdbc:
// - hosts and the names of properties are percent-decoded, brackets around an IPv6 address are dropped
// - an '@' among the hosts is a fault: pgjdbc takes user and password into the host name
// - an IPv6 address without brackets, and anything between ']' and ':', is a fault
// - one port counts for all hosts; ports are judged when hosts and ports are matched
// - a NUL and percent-encoded bytes that are not UTF-8 are faults
// - for a pool, the prefix may be in any letter case
import { isHarmless } from './fault-list.ts'
import { isSecret } from './libpq-keywords.ts'
import type { ParameterText, Report } from './parsed-string.ts'
import { type Decoded, decodeAsJava, decodeEscapes, indexOrEnd } from './percent-encoding.ts'
import { next } from './uri-outline.ts'

const PREFIX = 'jdbc:postgresql:'
const DEFAULT_PORT = '5432'

/** Whether text is meant for pgjdbc; `readJdbcUrl` says what is wrong with the rest of its prefix. */
export function isJdbcUrl(text: string, { anyCase }: { readonly anyCase: boolean }): boolean {
  return (anyCase ? text.slice(0, 5).toLowerCase() : text).startsWith('jdbc:')
}

export interface JdbcOptions {
  readonly anyCase: boolean
  readonly report: Report
  /** How much stands before the text, for the positions in faults. Default 0. */
  readonly offset?: number
}

/** Expects text that `isJdbcUrl` accepts. What is malformed is reported and left out. */
export function readJdbcUrl(
  text: string,
  { anyCase, report, offset = 0 }: JdbcOptions,
): ReadonlyMap<string, ParameterText> {
  const parameters = new Map<string, ParameterText>()
  const prefix = text.slice(0, PREFIX.length)
  if ((anyCase ? prefix.toLowerCase() : prefix) !== PREFIX) {
    report('must begin with jdbc:postgresql://')
    return parameters
  }
  const queryStart = indexOrEnd(text, /\?/)
  const url = new UrlReader({ text, report, offset, parameters })
  url.readServer(PREFIX.length, queryStart)
  url.readQuery(queryStart + 1)
  return parameters
}

/** pgjdbc takes libpq's names for these in the query and in a service file. */
export const JDBC_PROPERTY_NAMES: ReadonlyMap<string, string> = new Map([
  ['host', 'PGHOST'],
  ['port', 'PGPORT'],
  ['dbname', 'PGDBNAME'],
])

class UrlReader {
  readonly #text: string
  readonly #report: Report
  readonly #offset: number
  readonly #parameters: Map<string, ParameterText>
  /** Once something may be the rest of a raw password, so may all that follows. */
  #isQuotable: boolean

  constructor(given: {
    text: string
    report: Report
    offset: number
    parameters: Map<string, ParameterText>
  }) {
    this.#text = given.text
    this.#report = given.report
    this.#offset = given.offset
    this.#parameters = given.parameters
    // A raw '@' hints at a user and a password where pgjdbc has none.
    this.#isQuotable = !given.text.includes('@')
  }

  /** `//hosts/database`, `//` or a database alone. */
  readServer(from: number, to: number): void {
    const server = this.#text.slice(from, to)
    if (server === '//' || server === '///') return
    if (!server.startsWith('//')) {
      if (server.startsWith('/'))
        this.#refuse("one '/' where '//' and the hosts, or a database, are expected", from)
      else this.#setDatabase(from, to)
      return
    }
    const slash = Math.min(next(this.#text, from + 2, '/'), to)
    const isSlash = slash < to
    if (!isSlash) this.#refuse("no '/' behind the hosts", slash)
    const second = server.indexOf('/', slash - from + 1)
    if (isSlash && second !== -1) {
      this.#refuse("more than one '/' behind the hosts: a database name writes it as %2F", from + second)
    }
    this.#readHosts(from + 2, slash)
    if (isSlash) this.#setDatabase(slash + 1, to)
  }

  readQuery(start: number): void {
    const { length } = this.#text
    let from = start
    for (let number = 1; from < length; ) {
      const end = this.#text.indexOf('&', from)
      const to = end === -1 ? length : end
      if (to > from) {
        this.#readProperty(from, to, number)
        number += 1
      }
      from = to + 1
    }
  }

  #readHosts(from: number, to: number): void {
    if (this.#text.slice(from, to).includes('@')) {
      this.#refuse(
        "an '@' among the hosts: a JDBC URL gives user and password as ?user=...&password=...",
        from,
      )
      return
    }
    const hosts: string[] = []
    const ports: string[] = []
    let at = from
    let last = to
    while (last > from && this.#text[last - 1] === ',') last -= 1
    if (last === from && to > from) this.#refuse('the list of hosts has no host', from)
    if (last === from) return
    for (const piece of this.#text.slice(from, last).split(',')) {
      const { host, port } = this.#splitHost(piece, at)
      hosts.push(host)
      ports.push(port ?? DEFAULT_PORT)
      at += piece.length + 1
    }
    this.#set('PGHOST', hosts.join(','))
    this.#set('PGPORT', ports.join(','))
  }

  #splitHost(piece: string, at: number): { host: string; port: string | undefined } {
    const isBracketed = piece.startsWith('[')
    const close = piece.indexOf(']')
    if (isBracketed && close === -1) this.#refuse("an IPv6 address has no closing ']'", at)
    const hostEnd = isBracketed && close !== -1 ? close + 1 : indexOrEnd(piece, /:/)
    if (close === 1) this.#refuse('an IPv6 address in brackets is empty', at)
    const rest = piece.slice(hostEnd)
    if (rest !== '' && !rest.startsWith(':'))
      this.#refuse("after ']' only ':' and a port may follow", at + hostEnd)
    if (rest.includes(':', 1))
      this.#refuse("more than one ':' (an IPv6 address stands in brackets)", at + hostEnd)
    const decoded = this.#decoded(decodeEscapes(piece.slice(0, hostEnd)), at) ?? ''
    if (decoded.includes(',')) this.#refuse('a percent-encoded comma in a host', at)
    return {
      host: isBracketed ? decoded.slice(1, -1) : decoded,
      port: rest === '' ? undefined : rest.slice(1),
    }
  }

  #readProperty(from: number, to: number, number: number): void {
    const piece = this.#text.slice(from, to)
    const equals = indexOrEnd(piece, /=/)
    const label = `parameter ${number} of the query: `
    const name = this.#decoded(decodeAsJava(piece.slice(0, equals)), from, label)
    const value = this.#decoded(decodeAsJava(piece.slice(equals + 1)), from + equals + 1, label)
    if (name === undefined || value === undefined) return
    const own = JDBC_PROPERTY_NAMES.get(name)
    // pgjdbc translates a name only where '=' follows; a bare one of these is a property that it does not have.
    if (own !== undefined && equals === piece.length) return
    const property = own ?? name
    if (isSecret(property)) this.#isQuotable = false
    this.#parameters.set(property, { value, isQuotable: this.#isQuotable && isHarmless(property) })
  }

  #setDatabase(from: number, to: number): void {
    const value = this.#decoded(decodeAsJava(this.#text.slice(from, to)), from)
    if (value !== undefined && value !== '') this.#set('PGDBNAME', value)
  }

  #set(name: string, value: string): void {
    this.#parameters.set(name, { value, isQuotable: false })
  }

  #decoded(decoded: Decoded, at: number, label = ''): string | undefined {
    if (!('fault' in decoded)) return decoded.value
    this.#refuse(`${label}${decoded.fault.reason}`, at + decoded.fault.index)
    return undefined
  }

  #refuse(message: string, index: number): void {
    this.#isQuotable = false
    this.#report(`${message}, at position ${this.#offset + index + 1}`)
  }
}
