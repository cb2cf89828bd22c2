// One entry of the host list: what a node is called. Knows nothing of roles or connections.

export interface Host {
  /** A name, an IPv4 or IPv6 address without brackets, or a socket directory that begins with '/'. */
  readonly host: string
  readonly port: number
}

/** The node's name in views, events and errors: `db1:5432`, `[::1]:5432`, `/var/run/postgresql:5432`. */
export function hostName(host: Host): string {
  return host.host.includes(':') && !host.host.startsWith('/')
    ? `[${host.host}]:${host.port}`
    : `${host.host}:${host.port}`
}
