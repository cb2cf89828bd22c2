// What every dialect of connection string is read into, before any of it has a meaning. Hosts and ports are two lists,
// as in libpq, so that each can come from another source.

export interface ParsedUrl {
  readonly dialect: 'libpq' | 'jdbc' | 'socket'
  /** Decoded, without brackets; '' is the default host. Undefined when the text names none. */
  readonly hosts: readonly string[] | undefined
  /** Unchecked; '' is the default port. Undefined when the text names none. */
  readonly ports: readonly string[] | undefined
  /** In order, the last of a name counts; user, password and dbname are here too, wherever they stood. */
  readonly parameters: readonly UrlParameter[]
}

export interface UrlParameter {
  readonly name: string
  readonly value: string
  /** False where name or value may be a piece of a password that was not percent-encoded. */
  readonly isQuotable: boolean
}

/** One `host:port` of an authority. Undefined port: none written. Undefined result: malformed. */
export interface HostSpec {
  readonly host: string
  readonly port: string | undefined
}

/** Splits `host`, `host:port`, `[v6]`, `[v6]:port`; says what is wrong as a text, without quoting any of it. */
export function splitHostSpec(spec: string): HostSpec | string {
  if (spec.startsWith('[')) {
    const end = spec.indexOf(']')
    if (end === -1) return "an IPv6 address has no closing ']'"
    if (end === 1) return 'an IPv6 address in brackets is empty'
    const rest = spec.slice(end + 1)
    if (rest !== '' && !rest.startsWith(':')) return "after ']' only ':' and a port may follow"
    return { host: spec.slice(1, end), port: rest === '' ? undefined : rest.slice(1) }
  }
  const colon = spec.indexOf(':')
  if (colon === -1) return { host: spec, port: undefined }
  if (spec.includes(':', colon + 1)) return "more than one ':' (an IPv6 address must stand in brackets)"
  return { host: spec.slice(0, colon), port: spec.slice(colon + 1) }
}

/** The two lists of an authority. One host without a port leaves the ports to another source; several never do. */
export function hostLists(specs: readonly HostSpec[]): Pick<ParsedUrl, 'hosts' | 'ports'> {
  const [only] = specs
  if (only === undefined) return { hosts: undefined, ports: undefined }
  if (specs.length > 1) {
    return { hosts: specs.map((spec) => spec.host), ports: specs.map((spec) => spec.port ?? '') }
  }
  return { hosts: only.host === '' ? undefined : [only.host], ports: only.port ? [only.port] : undefined }
}
