// The four ways for an application to reach the lab's cluster.

import { APPLICATION, DATABASE } from '../accounts.ts'
import type { Way } from '../port.ts'
import {
  type Layout,
  POOLED_PRIMARY_PORT,
  POOLED_REPLICA_PORT,
  POSTGRES_PORT,
  PRIMARY_PORT,
  REPLICA_PORT,
} from './layout.ts'

const LOGIN = `${APPLICATION.username}:${APPLICATION.password}`

export function patroniWays(layout: Layout): readonly Way[] {
  const hosts = layout.hosts.map(({ address }) => `${address}:${POSTGRES_PORT}`)
  const ports = (address: string): readonly [string, string] => [
    `${address}:${PRIMARY_PORT}`,
    `${address}:${REPLICA_PORT}`,
  ]
  const [writePorts, readPorts] = [0, 1].map((index) =>
    layout.proxies.map(({ address }) => ports(address)[index] ?? ''),
  ) as [string[], string[]]
  const [virtualPrimary, virtualReplica] = ports(layout.virtualAddress)
  const pooler = layout.pooler.address
  return [
    way('host list', hosts, hosts),
    way('VIP', [virtualPrimary], [virtualReplica]),
    way('HAProxy', writePorts, readPorts),
    way('PgBouncer', [`${pooler}:${POOLED_PRIMARY_PORT}`], [`${pooler}:${POOLED_REPLICA_PORT}`]),
  ]
}

/** Where the virtual address is on the servers themselves: it leads to the primary alone. */
export function directWays({ hosts, virtualAddress }: Layout): readonly Way[] {
  const places = hosts.map(({ address }) => `${address}:${POSTGRES_PORT}`)
  const virtual = [`${virtualAddress}:${POSTGRES_PORT}`]
  return [way('host list', places, places), way('VIP', virtual, virtual)]
}

/** A port for the primary and one for replicas are two nodes to pg-ha: what is behind each may change. */
export function way(name: string, writes: readonly string[], reads: readonly string[]): Way {
  const nodes = [...new Set([...writes, ...reads])]
  const url = (place: string): string => `postgres://${LOGIN}@${place}/${DATABASE}`
  return {
    name,
    url: `${url(nodes.join(','))}?targetServerType=primary`,
    writes: writes.map(url),
    reads: reads.map(url),
  }
}
