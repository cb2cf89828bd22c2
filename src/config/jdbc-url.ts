// Reads pgjdbc's URL: jdbc:postgresql://host:port,host:port/database?name=value. Knows nothing of what a parameter
// means. Never quotes any part of the text in a fault.
//
// Kept from pgjdbc: no user before the hosts, no percent-decoding of hosts, '+' is a space in the rest, a bare name in
// the query is an empty value, trailing empty hosts are dropped, `port` in the query replaces the ports of the list.
// Deliberate differences from pgjdbc:
// - the '/' after the hosts may be left out, and the prefix may be in any letter case
// - one port in the query counts for all hosts
import type { FaultList } from './fault-list.ts'
import { lastValue } from './libpq-uri.ts'
import { type HostSpec, hostLists, type ParsedUrl, splitHostSpec } from './parsed-url.ts'
import { decodePercent, parseQuery } from './url-query.ts'

const PREFIX = /^jdbc:postgresql:/i

export function isJdbcUrl(text: string): boolean {
  return PREFIX.test(text)
}

/** Expects text that `isJdbcUrl` accepts, trimmed. What is malformed goes to `faults` and is left out. */
export function parseJdbcUrl(text: string, faults: FaultList): ParsedUrl {
  const rest = text.replace(PREFIX, '')
  const queryStart = rest.includes('?') ? rest.indexOf('?') : rest.length
  const server = rest.slice(0, queryStart)
  const query = parseQuery(rest.slice(queryStart + 1), { plus: 'space', allowsBareNames: true }, faults)

  const hasHosts = server.startsWith('//')
  const slash = hasHosts ? server.indexOf('/', 2) : -1
  const hostsEnd = slash === -1 ? server.length : slash
  const path = hasHosts ? server.slice(hostsEnd + 1) : server
  const lists = hasHosts ? parseHosts(server.slice(2, hostsEnd), faults) : hostLists([])
  if (path.includes('/')) {
    faults.add('connectionString', "more than one '/' after the hosts: a database name writes it as %2F")
  }
  const database = decodePercent(path, 'space')
  if (database === undefined) {
    faults.add('connectionString', 'the database name has a malformed percent-encoding')
  }
  const parameters = [
    ...(database ? [{ name: 'dbname', value: database, isQuotable: false }] : []),
    ...query,
  ].map((parameter) => ({ ...parameter, name: PROPERTY_NAMES.get(parameter.name) ?? parameter.name }))
  return {
    dialect: 'jdbc',
    hosts: lastValue(parameters, 'host')?.split(',') ?? lists.hosts,
    ports: lastValue(parameters, 'port')?.split(',') ?? lists.ports,
    parameters: parameters.filter(({ name }) => name !== 'host' && name !== 'port'),
  }
}

/** pgjdbc takes host, port and database under its property names as well. */
const PROPERTY_NAMES: ReadonlyMap<string, string> = new Map([
  ['PGHOST', 'host'],
  ['PGPORT', 'port'],
  ['PGDBNAME', 'dbname'],
])

function parseHosts(text: string, faults: FaultList): Pick<ParsedUrl, 'hosts' | 'ports'> {
  if (text.includes('@')) {
    faults.add('connectionString', "an '@' among the hosts: a JDBC URL gives user and password in its query")
    return hostLists([])
  }
  const specs: HostSpec[] = []
  text
    .replace(/,+$/, '')
    .split(',')
    .forEach((piece, index) => {
      const spec = splitHostSpec(piece)
      if (typeof spec === 'string') faults.add('connectionString', `host ${index + 1}: ${spec}`)
      else specs.push(spec)
    })
  return hostLists(specs)
}
