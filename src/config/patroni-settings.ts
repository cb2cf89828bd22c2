// What is asked of Patroni's REST API: one address for each of its agents. Knows nothing of how they are asked.
import { type Host, hostName } from '../topology/host.ts'
import { describeValue, type FaultList } from './fault-list.ts'
import type { SourceList } from './given-parameters.ts'

/** Where one agent is asked. The password is not enumerable. */
export interface PatroniAgent {
  /** Without credentials. */
  readonly url: string
  /** The entry of the host list on whose host it runs; null where the list of addresses does not say. */
  readonly entry: string | null
  readonly username: string | undefined
  readonly password?: string | undefined
  /** PEM; undefined: the public authorities. */
  readonly ca: string | Buffer | undefined
}

const EXPECTED =
  'false, { port } or { urls }, with protocol, username, password and ca beside them where needed'
const KEYS = ['port', 'urls', 'protocol', 'username', 'password', 'ca']

/** Empty: Patroni is not asked. */
export function resolvePatroni(
  sources: SourceList,
  hosts: readonly Host[],
  faults: FaultList,
): readonly PatroniAgent[] {
  const given = sources.find('patroni')
  if (given === undefined || given.value === false || given.value === 'false') return NONE
  if (given.isText) {
    const port = portOf(Number(given.value))
    if (port !== undefined) return agentsByPort(hosts, { port })
    faults.add(given.label, `'${given.value}' given, expected false or the port of the REST API`)
    return NONE
  }
  const { value } = given
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.add('patroni', `${describeValue(value)} given, expected ${EXPECTED}`)
    return NONE
  }
  return fromObject(value as Readonly<Record<string, unknown>>, hosts, faults)
}

const NONE: readonly PatroniAgent[] = Object.freeze([])

function fromObject(
  given: Readonly<Record<string, unknown>>,
  hosts: readonly Host[],
  faults: FaultList,
): readonly PatroniAgent[] {
  const unknown = Object.keys(given).filter((key) => !KEYS.includes(key))
  if (unknown.length > 0) faults.add('patroni', `unknown ${unknown.join(', ')}, expected ${KEYS.join(', ')}`)
  const { port, urls, protocol = 'http' } = given
  if (protocol !== 'http' && protocol !== 'https') {
    faults.add('patroni', `protocol: ${describeValue(protocol)} given, expected http or https`)
    return NONE
  }
  const access = {
    username: textOf(given, 'username', faults),
    password: textOf(given, 'password', faults),
    ca: given.ca instanceof Uint8Array ? Buffer.from(given.ca) : textOf(given, 'ca', faults),
  }
  if ((port === undefined) === (urls === undefined)) {
    faults.add(
      'patroni',
      `${port === undefined ? 'neither' : 'both'} port and urls given, expected one of them`,
    )
    return NONE
  }
  if (urls !== undefined) return agentsByUrl(urls, { ...access, faults })
  const known = portOf(port)
  if (known === undefined) {
    faults.add('patroni', `port: ${describeValue(port)} given, expected a whole number from 1 to 65535`)
    return NONE
  }
  return agentsByPort(hosts, { port: known, protocol, ...access })
}

interface Access {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly ca?: string | Buffer | undefined
}

/** One on the host of every entry that has one: a socket directory has none. */
function agentsByPort(
  hosts: readonly Host[],
  { port, protocol = 'http', ...access }: Access & { port: number; protocol?: string },
): readonly PatroniAgent[] {
  const reachable = hosts.filter(({ host }) => !host.startsWith('/'))
  return Object.freeze(
    reachable.map((host) => {
      const place = hostName({ host: host.hostaddr ?? host.host, port })
      return agent(`${protocol}://${place}`, hostName(host), access)
    }),
  )
}

function agentsByUrl(
  urls: unknown,
  { faults, ...access }: Access & { readonly faults: FaultList },
): readonly PatroniAgent[] {
  const list = Array.isArray(urls) ? urls : []
  if (list.length === 0) {
    faults.add('patroni', `urls: ${describeValue(urls)} given, expected a list of addresses`)
    return NONE
  }
  const agents = list.flatMap((given: unknown) => {
    const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null
    if (url === null || !/^https?:$/.test(url.protocol)) {
      // What is no address may be anything, a password among it.
      faults.add('patroni', 'urls: not an address, expected one like http://db1:8008')
      return []
    }
    const username = url.username === '' ? access.username : decodeURIComponent(url.username)
    const password = url.username === '' ? access.password : decodeURIComponent(url.password)
    url.username = ''
    url.password = ''
    return [agent(url.href, null, { ...access, username, password })]
  })
  return Object.freeze(agents)
}

function agent(url: string, entry: string | null, { username, password, ca }: Access): PatroniAgent {
  const made = { url, entry, username, ca }
  // Hidden as pg hides its own: neither inspect nor JSON of the settings shows it.
  if (password !== undefined) Object.defineProperty(made, 'password', { value: password })
  return Object.freeze(made)
}

function portOf(port: unknown): number | undefined {
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

function textOf(
  given: Readonly<Record<string, unknown>>,
  key: string,
  faults: FaultList,
): string | undefined {
  const value = given[key]
  if (value === undefined || typeof value === 'string') return value as string | undefined
  faults.add('patroni', `${key}: a ${typeof value} given, expected a string`)
  return undefined
}
