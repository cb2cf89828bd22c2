// The frozen outcome of configuration: what every other room reads. Knows nothing of where a value came from.
import type { PoolConfig } from 'pg'
import type { Host } from '../topology/host.ts'

/**
 * Which nodes a request may use. pgjdbc's `primary` means a primary that takes writes, libpq's `primary` only one that
 * is not in recovery; both are kept apart here under the names of libpq where it has one.
 *
 * | target             | from                                                       |
 * |--------------------|------------------------------------------------------------|
 * | any                | any                                                        |
 * | read-write         | targetServerType=primary, target_session_attrs=read-write  |
 * | primary            | target_session_attrs=primary                               |
 * | read-only          | targetServerType=secondary, target_session_attrs=read-only |
 * | standby            | target_session_attrs=standby                               |
 * | prefer-standby     | targetServerType=preferSecondary, target_session_attrs=prefer-standby |
 * | prefer-primary     | targetServerType=preferPrimary                             |
 */
export type Target =
  | 'any'
  | 'read-write'
  | 'primary'
  | 'read-only'
  | 'standby'
  | 'prefer-standby'
  | 'prefer-primary'

export type BalancerName = 'random' | 'roundRobin' | 'leastBusy' | 'nearest'
export type SplitBrainPolicy = 'refuse' | 'warn' | 'off'
export type WriteQuorum = 'none' | 'majority'

/** Paths of sslcert, sslkey and sslrootcert. */
export interface TlsFiles {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
}

export interface Settings {
  /** In list order, duplicates kept out, never empty. */
  readonly hosts: readonly Host[]
  readonly target: Target
  /** False with one host and no target: such a pool is plain, opens no monitor and asks no server for its role. */
  readonly monitored: boolean
  readonly loadBalanceHosts: boolean
  readonly balancer: BalancerName
  readonly hostRecheckMillis: number
  readonly probeIntervalMillis: number
  readonly probeTimeoutMillis: number
  readonly failoverTimeoutMillis: number
  readonly startupGraceMillis: number
  /** Infinity when no bound is set. */
  readonly maxReplicationLagBytes: number
  readonly maxReplicationLagMillis: number
  readonly splitBrain: SplitBrainPolicy
  readonly writeQuorum: WriteQuorum
  /** What the monitor logs in with where it differs from the application's. */
  readonly monitorUser: string | undefined
  readonly monitorPassword: string | undefined
  /** Certificate files the connection string names: read when a node's pool is made, not by the configuration. */
  readonly tlsFiles?: TlsFiles
  /** pg's own options for every node, without host and port: user, password, database, ssl, max, ... */
  readonly poolOptions: PoolConfig
}
