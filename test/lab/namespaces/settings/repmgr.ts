// The settings of PostgreSQL and repmgr for one host of a lab: automatic failover, no fencing, as repmgr comes.
import path from 'node:path'
import { SERVER_BINARIES } from '../daemons.ts'
import { type Layout, type NamespaceHost, networkOf, POSTGRES_PORT } from '../layout.ts'

/** repmgr's own account and database. */
export const REPMGR = 'repmgr'

export function repmgrFile(host: NamespaceHost): string {
  return path.join(host.folder, 'repmgr.conf')
}

export function conninfoOf({ address }: NamespaceHost): string {
  return `host=${address} port=${POSTGRES_PORT} user=${REPMGR} dbname=${REPMGR} connect_timeout=5`
}

/** A primary that does not answer three times, a second apart, is replaced. */
export function repmgrSettings(layout: Layout, host: NamespaceHost): string {
  const file = repmgrFile(host)
  return `
node_id=${layout.hosts.indexOf(host) + 1}
node_name='${host.name}'
conninfo='${conninfoOf(host)}'
data_directory='${host.data}'
pg_bindir='${SERVER_BINARIES}'
failover=automatic
promote_command='/usr/bin/repmgr -f ${file} standby promote --log-to-file'
follow_command='/usr/bin/repmgr -f ${file} standby follow --log-to-file --upstream-node-id=%n'
reconnect_attempts=3
reconnect_interval=1
monitor_interval_secs=1
log_file='${path.join(host.folder, 'log', 'repmgr.log')}'
repmgrd_pid_file='${path.join(host.folder, 'repmgrd.pid')}'
use_replication_slots=no
`
}

export function serverSettings(): string {
  return `
listen_addresses='*'
unix_socket_directories=''
shared_buffers=32MB
wal_log_hints=on
wal_keep_size=128MB
hot_standby=on
fsync=off
max_connections=200
wal_retrieve_retry_interval='500ms'
shared_preload_libraries='repmgr'
`
}

export function accessSettings(layout: Layout): string {
  const network = networkOf(layout)
  return `
host all ${REPMGR} ${network} trust
host replication ${REPMGR} ${network} trust
host all all ${network} scram-sha-256
`
}
