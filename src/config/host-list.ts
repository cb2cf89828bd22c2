// From the places a host list may stand to the one list of a pool: hosts, addresses and ports are chosen source by
// source, each on its own, as libpq does, then matched. Knows nothing of roles or of what a URL looks like.
import { type Host, isSocket } from '../topology/host.ts'
import { describeValue, type FaultList } from './fault-list.ts'
import type { SourceList } from './given-parameters.ts'
import type { HostEntry } from './pool-options.ts'
import { resolveHostEntries } from './resolved-hosts.ts'

type ListName = 'host' | 'hostaddr' | 'port'

/** What one place says of the host list. */
export interface HostSource {
  readonly host?: readonly string[] | undefined
  readonly hostaddr?: readonly string[] | undefined
  readonly port?: readonly string[] | undefined
  /** How faults name the place of a list. */
  readonly label: (name: ListName) => string
  /** False where the texts may hold a piece of a password. */
  readonly isQuotable: boolean
}

/**
 * The hosts of the first source that names any, the addresses and the ports of the first that names any. A host that
 * stands twice, with the same port and address, is kept once: it gets no more weight.
 */
export function resolveHosts(sources: readonly HostSource[], faults: FaultList): readonly Host[] {
  const source = (name: ListName) => sources.find((each) => each[name] !== undefined)
  const label = (name: ListName) => source(name)?.label(name) ?? name
  const hosts = source('host')?.host?.map((text, index) =>
    readHost(text, { index, label: label('host'), isQuotable: source('host')?.isQuotable === true, faults }),
  )
  const hostaddrs = source('hostaddr')?.hostaddr?.map((text, index) =>
    readAddress(text.trim(), { index, label: label('hostaddr'), isQuotable: true, faults }),
  )
  if (hosts?.length === 0) faults.add(label('host'), 'the list is empty')
  const entries = resolveHostEntries({ hosts, hostaddrs, ports: source('port')?.port }, faults, {
    hosts: label('host'),
    hostaddrs: label('hostaddr'),
    ports: label('port'),
    isQuotable: source('port')?.isQuotable === true,
  })
  const kept = new Map<string, Host>()
  for (const { host, hostaddr, port } of entries) {
    const entry = hostaddr === undefined ? { host, port } : { host, port, hostaddr }
    kept.set(`${host} ${port} ${hostaddr}`, Object.freeze(entry))
  }
  return Object.freeze([...kept.values()])
}

/** `host`, `port`, `hostaddr` and `hosts` of the options. An empty text counts as not given, as in pg. */
export function optionHosts(options: Readonly<Record<string, unknown>>, faults: FaultList): HostSource {
  const { host, port, hosts, hostaddr } = options
  const label = (name: ListName) => name
  const ports = isGiven(port) ? textList(port, 'port', faults) : undefined
  const addresses = isGiven(hostaddr) ? textList(hostaddr, 'hostaddr', faults) : undefined
  const source = { label, isQuotable: true, hostaddr: addresses, port: ports }
  if (!isGiven(hosts)) return { ...source, host: isGiven(host) ? textList(host, 'host', faults) : undefined }
  if (isGiven(host)) faults.add('hosts', "given together with 'host': expected one of the two")
  const entries = readEntries(hosts, faults)
  const names = entries.map((entry) => entry.host)
  if (entries.every((entry) => !isGiven(entry.port))) {
    return { ...source, label: (name) => (name === 'host' ? 'hosts' : name), host: names }
  }
  if (ports !== undefined && ports.length !== 1) {
    faults.add('port', "a list of ports together with 'hosts' that have their own: expected one of the two")
  }
  const own = entries.map((entry) => (isGiven(entry.port) ? String(entry.port) : (ports?.[0] ?? '')))
  return { ...source, label: (name) => (name === 'hostaddr' ? name : 'hosts'), host: names, port: own }
}

/** The lists of the other sources, the highest first; an empty list hides what a lower source says, as in libpq. */
export function textHosts(
  sources: SourceList,
  places: readonly { readonly rank: number; readonly label: string | undefined }[],
): readonly HostSource[] {
  return places.map(({ rank, label }) => {
    const source = sources.rank(rank)
    const list = (name: ListName) => source?.get(name)
    return {
      host: texts(list('host')?.value),
      hostaddr: texts(list('hostaddr')?.value),
      port: texts(list('port')?.value),
      label: (name) => label ?? list(name)?.label ?? name,
      isQuotable: label !== 'connectionString',
    }
  })
}

function texts(value: unknown): readonly string[] | undefined {
  return value === undefined ? undefined : String(value).split(',')
}

interface Place {
  readonly index: number
  readonly label: string
  readonly isQuotable: boolean
  readonly faults: FaultList
}

function readHost(given: string, { index, label, isQuotable, faults }: Place): string {
  const text = given.trim()
  if (text === '' || isSocket(text)) return text
  const host = /^\[.*\]$/s.test(text) ? text.slice(1, -1) : text
  const at = `host ${index + 1}${isQuotable ? ` (${describeValue(host)})` : ''}`
  if (host === '' || /[\s/@,[\]?#\\]/.test(host)) {
    faults.add(label, `${at}: expected a host name, an address or a socket directory`)
  } else if (host.split(':').length === 2) {
    faults.add(label, `${at}: a port is given in 'port', 'hosts' or a connection string`)
  }
  return host
}

function readAddress(text: string, { index, label, faults }: Place): string {
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || /^[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?$/i.test(text)
  if (text !== '' && !isAddress) {
    faults.add(label, `could not parse network address: hostaddr ${index + 1}, expected an IP address`)
  }
  return text
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function textList(value: unknown, option: ListName, faults: FaultList): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  const isText = (item: unknown) =>
    typeof item === 'string' || (option === 'port' && typeof item === 'number')
  if (items.every(isText)) return Array.isArray(value) ? items.map(String) : String(value).split(',')
  const article = option === 'hostaddr' ? 'an address' : `a ${option}`
  faults.add(option, `${describeValue(value)} given, expected ${article}, a comma-separated list or an array`)
  return ['']
}

function readEntries(value: unknown, faults: FaultList): readonly HostEntry[] {
  const isEntry = (entry: unknown): entry is HostEntry =>
    typeof entry === 'object' && entry !== null && typeof (entry as HostEntry).host === 'string'
  if (Array.isArray(value) && value.every(isEntry)) return value
  faults.add('hosts', `${describeValue(value)} given, expected a list of { host, port }`)
  return [{ host: '' }]
}
