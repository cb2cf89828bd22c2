// From the lists of hosts, addresses and ports to the hosts that would be tried, as libpq pairs them at connect. Knows
// nothing of where the lists stood, nor of roles.
import type { FaultList } from './fault-list.ts'
import { isHarmless } from './fault-list.ts'

export interface HostLists {
  /** Undefined, or one empty text: not given. */
  readonly hosts?: readonly string[] | undefined
  readonly hostaddrs?: readonly string[] | undefined
  readonly ports?: readonly string[] | undefined
}

/** How faults name the places the lists stood in. */
export interface HostListLabels {
  readonly hosts: string
  readonly hostaddrs: string
  readonly ports: string
  /** Whether a port may be shown; false where it may be a piece of a password. Default false. */
  readonly isQuotable?: boolean
}

export interface HostEntry {
  /** A name, an address or a socket directory; where only an address was given, that address. */
  readonly host: string
  /** The address to dial, where one was given; `host` is then only the name. */
  readonly hostaddr?: string
  readonly port: number
}

const DEFAULT_HOST = 'localhost'
const DEFAULT_PORT = 5432

/** strtol's integer with blanks around it, as libpq reads a port. */
const INTEGER = /^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/

/**
 * One entry for each host of the lists, duplicates included: to libpq a host that stands twice has twice the weight.
 * One port counts for all hosts, else there are as many ports as hosts; an empty item is the default. A list that does
 * not match and a port that is none are faults, in libpq's words.
 */
export function resolveHostEntries(
  lists: HostLists,
  faults: FaultList,
  labels: HostListLabels,
): readonly HostEntry[] {
  const hosts = given(lists.hosts)
  const hostaddrs = given(lists.hostaddrs)
  const count = (hostaddrs ?? hosts)?.length ?? 1
  if (hosts !== undefined && hosts.length !== count) {
    faults.add(labels.hosts, `could not match ${hosts.length} host names to ${count} hostaddr values`)
  }
  const ports = readPorts(given(lists.ports) ?? [''], faults, labels)
  if (ports.length !== 1 && ports.length !== count) {
    faults.add(labels.ports, `could not match ${ports.length} port numbers to ${count} hosts`)
  }
  return Object.freeze(
    Array.from({ length: count }, (_, index) => {
      const hostaddr = hostaddrs?.[index]
      const host = hosts?.[index] || hostaddr || DEFAULT_HOST
      const port = (ports.length === 1 ? ports[0] : ports[index]) ?? DEFAULT_PORT
      return Object.freeze({ host, ...(hostaddr ? { hostaddr } : {}), port })
    }),
  )
}

function given(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 || (list.length === 1 && list[0] === '') ? undefined : list
}

function readPorts(texts: readonly string[], faults: FaultList, labels: HostListLabels): readonly number[] {
  return texts.map((text, index) => {
    if (text === '') return DEFAULT_PORT
    const port = INTEGER.test(text) ? Number(text) : Number.NaN
    if (port >= 1 && port <= 65535) return port
    const shown = labels.isQuotable === true && isHarmless(text) ? ` ("${text}")` : ''
    const hint = text.includes(':') ? ' (an IPv6 address stands in brackets)' : ''
    faults.add(
      labels.ports,
      `invalid port number: port ${index + 1}${shown}, expected a number from 1 to 65535${hint}`,
    )
    return DEFAULT_PORT
  })
}
