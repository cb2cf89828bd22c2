// One entry of the host list, and what its nodes are called. Knows nothing of roles or connections.

export interface Host {
  /** A name, an IPv4 or IPv6 address without brackets, or a socket: '/' and a directory, '@' and an abstract name. */
  readonly host: string
  readonly port: number
  /** The address to dial in place of what the name leads to; the name still counts for certificates. */
  readonly hostaddr?: string | undefined
  /** Its share of the load relative to the others'. Default: 1. */
  readonly weight?: number | undefined
  /** Where it stands, in the application's own words. */
  readonly zone?: string | undefined
}

/** `db1:5432`, `[::1]:5432`, `/var/run/postgresql:5432`. */
export function hostName({ host, port }: Pick<Host, 'host' | 'port'>): string {
  return `${bracketed(host)}:${port}`
}

/** One of several addresses of a name: `db1/10.0.0.1:5432`, `db1/[::1]:5432`. */
export function addressName({ host, port }: Pick<Host, 'host' | 'port'>, address: string): string {
  return `${host}/${bracketed(address)}:${port}`
}

/** What each entry is called, in order: `host:port`, with the address where two entries differ in nothing else. */
export function entryNames(hosts: readonly Host[]): readonly string[] {
  const short = hosts.map(hostName)
  return hosts.map((host, i) => {
    const name = short[i] ?? ''
    const isShared = short.indexOf(name) !== short.lastIndexOf(name)
    return isShared && host.hostaddr !== undefined ? addressName(host, host.hostaddr) : name
  })
}

/** The address that needs no lookup, or null: a name's is not known, a socket directory has none. */
export function givenAddress({ host, hostaddr }: Pick<Host, 'host' | 'hostaddr'>): string | null {
  if (isSocket(host)) return null
  if (hostaddr !== undefined) return hostaddr
  return isAddress(host) ? host : null
}

/** Whether the addresses behind it have to be looked up. */
export function needsLookup(host: Pick<Host, 'host' | 'hostaddr'>): boolean {
  return !isSocket(host.host) && givenAddress(host) === null
}

export function isIpv6(address: string): boolean {
  return address.includes(':')
}

export function isSocket(host: string): boolean {
  return host.startsWith('/') || isAbstract(host)
}

/** Of Linux: it is in no folder. */
export function isAbstract(host: string): boolean {
  return host.startsWith('@')
}

function isAddress(host: string): boolean {
  return isIpv6(host) || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)
}

function bracketed(host: string): string {
  return isIpv6(host) && !isSocket(host) ? `[${host}]` : host
}
