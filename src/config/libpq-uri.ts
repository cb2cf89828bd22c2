// Reads libpq's URI: postgresql://user:password@host:port,host:port/dbname?name=value. Knows nothing of what a
// parameter means. Never quotes any part of the text in a fault: in a malformed URI any part may be the password.
//
// Deliberate differences from libpq:
// - the scheme may be in any letter case, as pg allows
// - the authority ends at the first '/' or '?'; libpq looks for the user's '@' beyond a '?'
// - with one host the user part ends at the last '@', as in pg; with several a second '@' is a fault (libpq takes
//   it into the host name)
// - with one host a '%' in user or password that begins no encoding stands for itself, as in pg; with several it is a
//   fault, as in libpq
// - an '@' in the path of a URI without a user is a fault: nearly always a password with a raw '/'
// - a value may hold a further '='; empty pieces between two '&' are skipped; raw spaces inside values are kept, those
//   around a host are dropped
// - `%2C` in a host is a fault; libpq makes two hosts of it
import type { FaultList } from './fault-list.ts'
import { type HostSpec, hostLists, type ParsedUrl, splitHostSpec, type UrlParameter } from './parsed-url.ts'
import { decodePercent, parseQuery } from './url-query.ts'

const SCHEME = /^postgres(?:ql)?:\/\//i
const LONE_PERCENT = /%(?![0-9a-f]{2})/gi

export function isLibpqUri(text: string): boolean {
  return SCHEME.test(text)
}

/** Expects text that `isLibpqUri` accepts, trimmed. What is malformed goes to `faults` and is left out. */
export function parseLibpqUri(text: string, faults: FaultList): ParsedUrl {
  const rest = text.replace(SCHEME, '')
  const authorityEnd = indexOrEnd(rest, /[/?]/)
  const queryStart = indexOrEnd(rest, /\?/)
  const authority = rest.slice(0, authorityEnd)
  const path = rest.slice(authorityEnd, queryStart).replace(/^\//, '')
  const query = parseQuery(rest.slice(queryStart + 1), { plus: 'literal', allowsBareNames: false }, faults)

  const at = authority.lastIndexOf('@')
  if (at === -1 && path.includes('@')) {
    faults.add('connectionString', "an '@' after the first '/': percent-encode a '/' in a password as %2F")
  }
  if (authority.slice(authority.indexOf('@'), at).includes(',')) {
    faults.add(
      'connectionString',
      "more than one '@': user and password stand once, before the first host; percent-encode '@' as %40, ',' as %2C",
    )
  }
  const hosts = authority.slice(at + 1)
  const userinfo = authority.slice(0, Math.max(at, 0))
  const user = parseUserinfo(hosts.includes(',') ? userinfo : userinfo.replace(LONE_PERCENT, '%25'), faults)
  const lists = parseHosts(hosts, faults)
  const database = decoded(path, 'the database name', faults)
  // Hosts that are none hint at a password whose host is missing: its '?' made a query of the rest.
  const isSound = faults.isEmpty && (lists.ports ?? []).every((port) => /^\d*$/.test(port))
  const parameters = [
    ...user,
    ...(database ? [hidden('dbname', database)] : []),
    ...query.map((each) => (isSound ? each : hidden(each.name, each.value))),
  ]
  return {
    dialect: 'libpq',
    hosts: lastValue(parameters, 'host')?.split(',') ?? lists.hosts,
    ports: lastValue(parameters, 'port')?.split(',') ?? lists.ports,
    parameters: parameters.filter(({ name }) => name !== 'host' && name !== 'port'),
  }
}

/** The value that counts of a repeated parameter; an empty one counts as not given. */
export function lastValue(parameters: readonly UrlParameter[], name: string): string | undefined {
  return parameters.findLast((parameter) => parameter.name === name)?.value || undefined
}

function parseUserinfo(text: string, faults: FaultList): UrlParameter[] {
  const colon = indexOrEnd(text, /:/)
  const user = decoded(text.slice(0, colon), 'the user', faults)
  const password = decoded(text.slice(colon + 1), 'the password', faults)
  return [...(user ? [hidden('user', user)] : []), ...(password ? [hidden('password', password)] : [])]
}

function parseHosts(text: string, faults: FaultList): Pick<ParsedUrl, 'hosts' | 'ports'> {
  const specs: HostSpec[] = []
  text.split(',').forEach((piece, index) => {
    const spec = splitHostSpec(piece)
    if (typeof spec === 'string') {
      faults.add('connectionString', `host ${index + 1}: ${spec}`)
      return
    }
    const host = decoded(spec.host, `host ${index + 1}`, faults)
    if (host !== undefined) specs.push({ host, port: spec.port })
  })
  return hostLists(specs)
}

function decoded(text: string, what: string, faults: FaultList): string | undefined {
  const value = decodePercent(text, 'literal')
  if (value === undefined) {
    faults.add('connectionString', `${what} has a malformed percent-encoding (a '%' itself is written %25)`)
  }
  return value
}

function hidden(name: string, value: string): UrlParameter {
  return { name, value, isQuotable: false }
}

function indexOrEnd(text: string, pattern: RegExp): number {
  const index = text.search(pattern)
  return index === -1 ? text.length : index
}
