// Servers, told from the addresses that lead to them: which nodes are one server, how many servers the host list means,
// and how many of them are seen. Knows nothing of roles.
import type { ClusterView } from './cluster-view.ts'
import { isIpv6 } from './host.ts'
import { isUp, type NodeView } from './node-view.ts'

/** What tells a running server from every other, its clones included: each was started at an instant of its own. */
export interface ServerIdentity {
  readonly systemIdentifier: string | null
  readonly serverStartMillis: number | null
}

export function identityOf({ systemIdentifier, serverStartMillis }: ServerIdentity): ServerIdentity {
  return Object.freeze({ systemIdentifier, serverStartMillis })
}

/** Whether both are known and the same. What is hidden is never the same as anything. */
export function isSameServer(a: ServerIdentity, b: ServerIdentity): boolean {
  const key = serverKey(a)
  return key !== null && key === serverKey(b)
}

/** Null where a part is hidden. */
export function serverKey({ systemIdentifier, serverStartMillis }: ServerIdentity): string | null {
  return systemIdentifier === null || serverStartMillis === null
    ? null
    : `${systemIdentifier} ${serverStartMillis}`
}

/**
 * How many servers the list means. An entry means as many as its name has addresses of one family: IPv4 and IPv6 are two
 * ways to one server; more only where more have been seen behind it.
 */
export function expectedServers(view: ClusterView): number {
  return byEntry(view).reduce((sum, nodes) => sum + meantBy(nodes), 0)
}

/**
 * How many servers these nodes are. No entry stands for more servers than it means: not by nodes that hide who they are,
 * nor by what was known of one before its server was restarted.
 */
export function visibleServers(view: ClusterView, isVisible: (node: NodeView) => boolean): number {
  const seen = new Set<string>()
  let unnamed = 0
  for (const nodes of byEntry(view)) {
    const meant = meantBy(nodes)
    const visible = nodes.filter(isVisible)
    const keys = [...new Set([...keysOf(visible.filter(isUp)), ...keysOf(visible)])].slice(0, meant)
    for (const key of keys) seen.add(key)
    const hidden = visible.filter(({ answer }) => answer === null || serverKey(answer) === null)
    unnamed += Math.min(hidden.length, meant - keys.length)
  }
  return seen.size + unnamed
}

function byEntry({ nodes }: ClusterView): readonly (readonly NodeView[])[] {
  const entries = [...new Set(nodes.map((node) => node.entry))]
  return entries.map((entry) => nodes.filter((node) => node.entry === entry))
}

function meantBy(nodes: readonly NodeView[]): number {
  const ipv6 = nodes.filter(({ address }) => address !== null && isIpv6(address)).length
  return Math.max(ipv6, nodes.length - ipv6, keysOf(nodes.filter(isUp)).length)
}

function keysOf(nodes: readonly NodeView[]): readonly string[] {
  return [...new Set(nodes.flatMap(({ answer }) => (answer === null ? [] : (serverKey(answer) ?? []))))]
}
