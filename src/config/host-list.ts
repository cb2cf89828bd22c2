// From the places a host list may stand to the one list of a pool: hosts and ports are chosen source by source, as
// libpq does, then matched. Knows nothing of roles or of what a URL looks like.
import type { Host } from '../topology/host.ts'
import { describeValue, type FaultList } from './fault-list.ts'
import type { ParsedUrl } from './parsed-url.ts'
import type { HostEntry } from './pool-options.ts'

/** One place hosts and ports may stand: the options, the connection string, the environment. */
export interface HostSource {
  readonly hosts: readonly string[] | undefined
  readonly ports: readonly string[] | undefined
  /** How faults name the places. */
  readonly hostLabel: string
  readonly portLabel: string
  /** False where the texts may hold a piece of a password. */
  readonly isQuotable: boolean
}

export const DEFAULT_HOST = 'localhost'
export const DEFAULT_PORT = 5432

/**
 * The hosts of the first source that names any and the ports of the first that names any: one port for all hosts, or
 * as many ports as hosts; '' is the default. A pair that stands twice is kept once.
 */
export function resolveHosts(sources: readonly HostSource[], faults: FaultList): readonly Host[] {
  const hostSource = sources.find((source) => source.hosts !== undefined)
  const portSource = sources.find((source) => source.ports !== undefined)
  const names = hostSource?.hosts?.map((text, index) => readHost(text, { index, source: hostSource, faults }))
  const ports = portSource?.ports?.map((text, index) => readPort(text, { index, source: portSource, faults }))
  return matchPorts(names ?? [DEFAULT_HOST], ports ?? [DEFAULT_PORT], {
    hostLabel: hostSource?.hostLabel ?? 'host',
    portLabel: portSource?.portLabel ?? 'port',
    faults,
  })
}

/** `host`, `port` and `hosts` of the options. An empty host or port counts as not given, as in pg. */
export function optionHosts(options: Readonly<Record<string, unknown>>, faults: FaultList): HostSource {
  const { host, port, hosts } = options
  const source = { hostLabel: 'host', portLabel: 'port', isQuotable: true }
  const ports = isGiven(port) ? textList(port, 'port', faults) : undefined
  if (!isGiven(hosts)) {
    return { ...source, hosts: isGiven(host) ? textList(host, 'host', faults) : undefined, ports }
  }
  if (isGiven(host)) faults.add('hosts', "given together with 'host': expected one of the two")
  const entries = readEntries(hosts, faults)
  const names = entries.map((entry) => entry.host)
  if (entries.every((entry) => !isGiven(entry.port))) {
    return { ...source, hostLabel: 'hosts', hosts: names, ports }
  }
  if (ports !== undefined && ports.length !== 1) {
    faults.add('port', "a list of ports together with 'hosts' that have their own: expected one of the two")
  }
  const own = entries.map((entry) => (isGiven(entry.port) ? String(entry.port) : (ports?.[0] ?? '')))
  return { ...source, hostLabel: 'hosts', portLabel: 'hosts', hosts: names, ports: own }
}

/** The lists of a connection string. */
export function urlHosts({ hosts, ports }: ParsedUrl): HostSource {
  const label = 'connectionString'
  return { hosts, ports, hostLabel: label, portLabel: label, isQuotable: false }
}

/** PGHOST and PGPORT, each one value or a list. */
export function environmentHosts(env: Readonly<Record<string, string | undefined>>): HostSource {
  return {
    hosts: env.PGHOST ? env.PGHOST.split(',') : undefined,
    ports: env.PGPORT ? env.PGPORT.split(',') : undefined,
    hostLabel: 'PGHOST',
    portLabel: 'PGPORT',
    isQuotable: true,
  }
}

interface Place {
  readonly index: number
  readonly source: HostSource
  readonly faults: FaultList
}

function readHost(given: string, { index, source, faults }: Place): string {
  const text = given.trim()
  if (text === '') return DEFAULT_HOST
  if (text.startsWith('/')) return text
  const host = /^\[.*\]$/s.test(text) ? text.slice(1, -1) : text
  const at = `host ${index + 1}${source.isQuotable ? ` (${describeValue(host)})` : ''}`
  if (host === '' || /[\s/@,[\]?#\\]/.test(host)) {
    faults.add(source.hostLabel, `${at}: expected a host name, an address or a socket directory`)
  } else if (host.split(':').length === 2) {
    faults.add(source.hostLabel, `${at}: a port is given in 'port', 'hosts' or a connection string`)
  }
  return host
}

function readPort(given: string, { index, source, faults }: Place): number {
  const text = given.trim()
  if (text === '') return DEFAULT_PORT
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65535) return port
  const at = `port ${index + 1}${source.isQuotable ? ` (${describeValue(text)})` : ''}`
  faults.add(source.portLabel, `${at}: expected a number from 1 to 65535`)
  return DEFAULT_PORT
}

function matchPorts(
  names: readonly string[],
  ports: readonly number[],
  { hostLabel, portLabel, faults }: Pick<HostSource, 'hostLabel' | 'portLabel'> & { faults: FaultList },
): readonly Host[] {
  if (names.length === 0) faults.add(hostLabel, 'the list is empty')
  else if (ports.length !== 1 && ports.length !== names.length) {
    const expected = 'expected one port for all hosts, or one for each'
    faults.add(portLabel, `ports given: ${ports.length}, hosts given: ${names.length}, ${expected}`)
  }
  const hosts = new Map<string, Host>()
  names.forEach((host, index) => {
    const port = (ports.length === 1 ? ports[0] : ports[index]) ?? DEFAULT_PORT
    hosts.set(`${host} ${port}`, Object.freeze({ host, port }))
  })
  return Object.freeze([...hosts.values()])
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function textList(value: unknown, option: 'host' | 'port', faults: FaultList): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  const isText = (item: unknown) =>
    typeof item === 'string' || (option === 'port' && typeof item === 'number')
  if (items.every(isText)) return Array.isArray(value) ? items.map(String) : String(value).split(',')
  faults.add(
    option,
    `${describeValue(value)} given, expected a ${option}, a comma-separated list or an array`,
  )
  return ['']
}

function readEntries(value: unknown, faults: FaultList): readonly HostEntry[] {
  const isEntry = (entry: unknown): entry is HostEntry =>
    typeof entry === 'object' && entry !== null && typeof (entry as HostEntry).host === 'string'
  if (Array.isArray(value) && value.every(isEntry)) return value
  faults.add('hosts', `${describeValue(value)} given, expected a list of { host, port }`)
  return [{ host: '' }]
}
