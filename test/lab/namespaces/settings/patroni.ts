// Patroni's and etcd's settings for one host of a lab, with the times that decide how long a failover takes.
import path from 'node:path'
import { stringify } from 'yaml'
import { REPLICATION, REWIND, SUPERUSER } from '../../accounts.ts'
import { SERVER_BINARIES } from '../daemons.ts'
import { type Layout, type NamespaceHost, networkOf, PATRONI_PORT, POSTGRES_PORT } from '../layout.ts'

/**
 * The shortest times that Patroni supports. A leader that says nothing for `ttl` has lost its key: this is the time to
 * failover after a death without a word. `loop_wait` is how often a member looks; a leader that cannot reach etcd for
 * `retry_timeout` gives up its role. Patroni demands ttl >= loop_wait + 2 * retry_timeout.
 */
export const PATRONI_SECONDS = { ttl: 20, loop_wait: 1, retry_timeout: 3 }

export const SCOPE = 'lab'
export const ETCD_CLIENT_PORT = 2379
export const ETCD_PEER_PORT = 2380

export function patroniSettings(layout: Layout, host: NamespaceHost): string {
  const network = networkOf(layout)
  return stringify({
    scope: SCOPE,
    name: host.name,
    restapi: {
      listen: `${host.address}:${PATRONI_PORT}`,
      connect_address: `${host.address}:${PATRONI_PORT}`,
    },
    // etcd's older interface: vip-manager 1 speaks no other.
    etcd: { hosts: layout.hosts.map(({ address }) => `${address}:${ETCD_CLIENT_PORT}`) },
    bootstrap: {
      dcs: {
        ...PATRONI_SECONDS,
        maximum_lag_on_failover: 1_048_576,
        synchronous_mode: false,
        postgresql: { use_pg_rewind: true, use_slots: true, parameters: serverParameters() },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
      pg_hba: [
        'local all all trust',
        `host replication all ${network} scram-sha-256`,
        `host all all ${network} scram-sha-256`,
      ],
      post_bootstrap: path.join(layout.folder, 'post_bootstrap.sh'),
    },
    postgresql: {
      // All addresses, so that a virtual one may point here, too.
      listen: `0.0.0.0:${POSTGRES_PORT}`,
      connect_address: `${host.address}:${POSTGRES_PORT}`,
      bin_dir: SERVER_BINARIES,
      data_dir: host.data,
      pgpass: path.join(host.folder, 'pgpass'),
      use_unix_socket: true,
      // Without it a new standby waits for a spread checkpoint: 97 s were seen.
      basebackup: [{ checkpoint: 'fast' }],
      authentication: { superuser: SUPERUSER, replication: REPLICATION, rewind: REWIND },
      parameters: { unix_socket_directories: path.join(host.folder, 'socket'), log_min_messages: 'warning' },
    },
    watchdog: { mode: 'off' },
  })
}

function serverParameters(): Record<string, string | number> {
  return {
    wal_level: 'replica',
    hot_standby: 'on',
    wal_log_hints: 'on',
    max_connections: 200,
    max_wal_senders: 10,
    max_replication_slots: 10,
    wal_keep_size: '128MB',
    wal_retrieve_retry_interval: '500ms',
    shared_buffers: '32MB',
    // No lab's host ever loses what the kernel holds.
    fsync: 'off',
  }
}

export function etcdArguments(layout: Layout, host: NamespaceHost): readonly string[] {
  const client = `http://${host.address}:${ETCD_CLIENT_PORT}`
  const peer = `http://${host.address}:${ETCD_PEER_PORT}`
  const members = layout.hosts.map(({ name, address }) => `${name}=http://${address}:${ETCD_PEER_PORT}`)
  return [
    '/usr/bin/etcd',
    ...['--name', host.name, '--data-dir', path.join(host.folder, 'etcd')],
    ...['--listen-client-urls', `${client},http://127.0.0.1:${ETCD_CLIENT_PORT}`],
    ...['--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', members.join(','), '--initial-cluster-token', SCOPE],
    // A member that returns must not unseat a leader that the others hear well.
    ...['--initial-cluster-state', 'new', '--pre-vote', '--enable-v2', '--log-level', 'warn'],
    '--unsafe-no-fsync',
  ]
}
