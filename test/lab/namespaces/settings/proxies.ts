// The settings of HAProxy, keepalived and PgBouncer in a lab: Patroni's own template for HAProxy, with quicker checks.
import path from 'node:path'
import { APPLICATION, DATABASE, MONITOR } from '../../accounts.ts'
import {
  type Layout,
  type NamespaceHost,
  PATRONI_PORT,
  POOLED_PRIMARY_PORT,
  type POOLED_REPLICA_PORT,
  PRIMARY_PORT,
  REPLICA_PORT,
} from '../layout.ts'
import { ETCD_CLIENT_PORT, SCOPE } from './patroni.ts'

/** A server that fails two checks in a row is out, and its connections are closed: at most about 2 s after its role ended. */
const CHECKS = 'inter 1s fastinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions'

export function haproxySettings(layout: Layout): string {
  const servers = layout.hosts
    .map(
      ({ name, address, port }) =>
        `  server ${name} ${address}:${port} maxconn 200 check port ${PATRONI_PORT}`,
    )
    .join('\n')
  const listener = (name: string, port: number): string => `
listen ${name}
  bind *:${port}
  balance roundrobin
  option httpchk OPTIONS /${name}
  http-check expect status 200
  default-server ${CHECKS}
${servers}
`
  return `
global
  maxconn 1000
defaults
  mode tcp
  retries 2
  timeout client 30m
  timeout connect 4s
  timeout server 30m
  timeout check 2s
${listener('primary', PRIMARY_PORT)}${listener('replica', REPLICA_PORT)}`
}

/** The address goes with HAProxy: where it has died, the other one takes the address. */
export function keepalivedSettings(layout: Layout, host: NamespaceHost): string {
  const isPreferred = host === layout.proxies[0]
  return `
global_defs {
  router_id ${host.name}
  script_user root
}
vrrp_script haproxy_lives {
  script "${haproxyCheck(host)}"
  interval 1
  fall 2
  rise 1
}
vrrp_instance virtual_address {
  state ${isPreferred ? 'MASTER' : 'BACKUP'}
  interface eth0
  virtual_router_id 51
  priority ${isPreferred ? 100 : 90}
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass labvip
  }
  virtual_ipaddress {
    ${layout.virtualAddress}/24 dev eth0
  }
  track_script {
    haproxy_lives
  }
}
`
}

export function haproxyCheck(host: NamespaceHost): string {
  return path.join(host.folder, 'haproxy-lives.sh')
}

/** The address goes with Patroni's leader key. */
export function vipManagerArguments(layout: Layout, host: NamespaceHost): readonly string[] {
  const endpoints = layout.hosts.map(({ address }) => `http://${address}:${ETCD_CLIENT_PORT}`)
  return [
    '/usr/bin/vip-manager',
    ...['--ip', layout.virtualAddress, '--netmask', '24', '--interface', 'eth0', '--interval', '500'],
    ...['--trigger-key', `/service/${SCOPE}/leader`, '--trigger-value', host.name],
    ...['--dcs-type', 'etcd', '--dcs-endpoints', endpoints.join(',')],
  ]
}

/** Hosts share one list of pids: HAProxy is known by its pid file, not by its name. */
export function haproxyCheckScript(host: NamespaceHost): string {
  const file = path.join(host.folder, 'pids', 'haproxy')
  return `#!/bin/sh\npid=$(cat ${file}) && kill -0 "$pid" && grep -q haproxy "/proc/$pid/comm"\n`
}

export type PooledPort = typeof POOLED_PRIMARY_PORT | typeof POOLED_REPLICA_PORT

/** One PgBouncer in front of each of HAProxy's ports, at the virtual address. */
export function pgbouncerSettings(layout: Layout, port: PooledPort): string {
  const behind = port === POOLED_PRIMARY_PORT ? PRIMARY_PORT : REPLICA_PORT
  return `
[databases]
${DATABASE} = host=${layout.virtualAddress} port=${behind} dbname=${DATABASE}
[pgbouncer]
listen_addr = ${layout.pooler.address}
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${pgbouncerUserFile(layout)}
pool_mode = transaction
default_pool_size = 20
; A backend that died must be tried again soon, not after the default 15 s.
server_login_retry = 1
server_connect_timeout = 3
server_lifetime = 60
query_wait_timeout = 10
ignore_startup_parameters = extra_float_digits
`
}

export function pgbouncerUserFile(layout: Layout): string {
  return path.join(layout.pooler.folder, 'users.txt')
}

export function pgbouncerUsers(): string {
  return [APPLICATION, MONITOR].map(({ username, password }) => `"${username}" "${password}"\n`).join('')
}
