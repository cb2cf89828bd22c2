// Names, addresses and folders of a lab in network namespaces. Several labs can run at once: each has a number.
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LabHost } from '../port.ts'

export interface NamespaceHost extends LabHost {
  readonly namespace: string
  /** The end of its cable that stays with the machine. */
  readonly cable: string
  readonly folder: string
  readonly data: string
}

export interface Layout {
  readonly number: number
  readonly folder: string
  readonly bridge: string
  /** The machine's own address in the lab's network: where the applications are. */
  readonly gateway: string
  readonly virtualAddress: string
  /** The database servers. */
  readonly hosts: readonly NamespaceHost[]
  /** Those of them with HAProxy and keepalived; the first is preferred. */
  readonly proxies: readonly NamespaceHost[]
  /** Where PgBouncer runs. */
  readonly pooler: NamespaceHost
}

export const POSTGRES_PORT = 5432
export const PATRONI_PORT = 8008
export const PRIMARY_PORT = 5000
export const REPLICA_PORT = 5001
/** PgBouncer's ports: in front of HAProxy's primary port, and of its replica port. */
export const POOLED_PRIMARY_PORT = 6432
export const POOLED_REPLICA_PORT = 6433

export const HIGHEST_NUMBER = 30

export function layoutOf(number: number, kind = 'lab'): Layout {
  const subnet = `10.77.${number}`
  const folder = path.join(tmpdir(), `pg-ha-${kind}-${number}`)
  const host = (name: string, last: number): NamespaceHost => ({
    name,
    address: `${subnet}.${last}`,
    self: `${subnet}.${last}`,
    port: POSTGRES_PORT,
    namespace: `pgha${number}-${name}`,
    cable: `pgha${number}c${last}`,
    folder: path.join(folder, name),
    data: path.join(folder, name, 'data'),
  })
  const hosts = [host('pgtest1', 11), host('pgtest2', 12), host('pgtest3', 13)]
  return {
    number,
    folder,
    bridge: `pgha${number}br`,
    gateway: `${subnet}.1`,
    virtualAddress: `${subnet}.100`,
    hosts,
    proxies: hosts.slice(0, 2),
    pooler: host('pooler', 10),
  }
}

export function networkOf(layout: Layout): string {
  return `${layout.gateway.slice(0, layout.gateway.lastIndexOf('.'))}.0/24`
}
