// What runs in a container: PostgreSQL, as a primary with a new database or as a standby with a copy of another one. Works on
// the official image and on any other with Debian's packages of that version.

import { REPLICATION, SUPERUSER } from '../accounts.ts'

export const SERVER_PORT = 5432
const BINARIES = '/usr/lib/postgresql/*/bin'
const DATA = '/tmp/data'

export interface Role {
  readonly name: string
  /** primary_conninfo of a standby; null: it is the first primary. */
  readonly upstream: string | null
}

/** A bash script, run as the account postgres; it becomes the server. */
export function serverScript({ name, upstream }: Role): string {
  const settings = {
    ...{ cluster_name: name, listen_addresses: '*', unix_socket_directories: '/tmp', hot_standby: 'on' },
    ...{ wal_level: 'replica', wal_log_hints: 'on', wal_keep_size: '128MB', max_wal_senders: 10 },
    ...{ wal_retrieve_retry_interval: '500ms', shared_buffers: '32MB', fsync: 'off', max_connections: 100 },
  }
  const options = Object.entries(settings).map(([key, value]) => `-c ${key}='${value}'`)
  const create =
    upstream === null
      ? [
          `initdb -D ${DATA} -U ${SUPERUSER.username} --pwfile=<(echo ${SUPERUSER.password}) -E UTF8 --locale=C.UTF-8 -A scram-sha-256 -N`,
          `printf 'host all all all scram-sha-256\\nhost replication all all scram-sha-256\\n' >> ${DATA}/pg_hba.conf`,
        ]
      : [`pg_basebackup -d '${upstream} application_name=${name}' -D ${DATA} -R -X stream -c fast`]
  return [
    'set -e',
    // The version is the image's.
    `export PATH="$(echo ${BINARIES}):$PATH"`,
    'umask 077',
    `if [ ! -s ${DATA}/PG_VERSION ]; then`,
    ...create,
    'fi',
    `exec postgres -D ${DATA} ${options.join(' ')}`,
  ].join('\n')
}

/** How one container reaches another, by its name in their network. */
export function upstreamOf(name: string): string {
  return `host=${name} port=${SERVER_PORT} user=${REPLICATION.username} password=${REPLICATION.password} connect_timeout=10`
}
