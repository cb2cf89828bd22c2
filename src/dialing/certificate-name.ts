// Whether a certificate is made out to a host, by libpq's rules, which are laxer than RFC 6125 for addresses and take a
// wildcard only as a whole left-most label. Pure but for Node's reading of addresses; knows nothing of sockets.
import { isIP, SocketAddress } from 'node:net'

/** What Node gives of a peer's certificate. */
export interface PresentedNames {
  readonly subject?: { readonly CN?: string | readonly string[] } | undefined
  /** As Node writes it: `DNS:db1, IP Address:10.0.0.1`; an unusual value is quoted as in JSON. */
  readonly subjectaltname?: string | undefined
}

/** Undefined when it matches; else why not, in libpq's words. */
export function nameMismatch(host: string, presented: PresentedNames): string | undefined {
  const kind = isIP(host) === 0 ? 'DNS' : 'IP Address'
  const alternatives = alternativeNames(presented.subjectaltname ?? '')
  if (alternatives.some((name) => matches(host, name))) return undefined
  const names = alternatives.map(({ value }) => value)
  // A name of the host's own kind among the alternatives: the common name does not count.
  if (!alternatives.some((name) => name.kind === kind)) {
    const common = commonName(presented)
    if (common !== undefined) {
      if (isNamed(host, common)) return undefined
      names.push(common)
    }
  }
  const [first, ...others] = names
  if (first === undefined) return "could not get server's host name from server certificate"
  const more = others.length === 1 ? '1 other name' : `${others.length} other names`
  const and = others.length === 0 ? '' : ` (and ${more})`
  return `server certificate for "${first}"${and} does not match host name "${host}"`
}

interface AlternativeName {
  readonly kind: string
  readonly value: string
}

const ENTRY = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g

function alternativeNames(text: string): readonly AlternativeName[] {
  return [...text.matchAll(ENTRY)]
    .map(([, kind = '', value = '']) => ({ kind, value: value.startsWith('"') ? unquoted(value) : value }))
    .filter(({ kind }) => kind === 'DNS' || kind === 'IP Address')
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}

function matches(host: string, { kind, value }: AlternativeName): boolean {
  return kind === 'DNS' ? isNamed(host, value) : isSameAddress(host, value)
}

function isNamed(host: string, name: string): boolean {
  // A name with a NUL is a forgery: C would read only what is before it.
  if (name.includes('\0')) return false
  const [wanted, pattern] = [host.toLowerCase(), name.toLowerCase()]
  if (wanted === pattern) return true
  if (!pattern.startsWith('*.') || pattern.length > wanted.length || isIP(host) !== 0) return false
  const rest = pattern.slice(1)
  return wanted.endsWith(rest) && !wanted.slice(0, -rest.length).includes('.')
}

function isSameAddress(host: string, address: string): boolean {
  return isIP(host) !== 0 && isIP(host) === isIP(address) && canonical(host) === canonical(address)
}

function canonical(address: string): string {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return new SocketAddress({ address, family }).address
}

function commonName({ subject }: PresentedNames): string | undefined {
  const name = subject?.CN
  return typeof name === 'string' ? name : name?.[0]
}
