// What a lab needs of the machine, and what of it is missing, in words.
import { existsSync } from 'node:fs'

const SERVER = '/usr/lib/postgresql/15/bin'

export const PATRONI_PROGRAMS: readonly string[] = [
  ...[`${SERVER}/postgres`, '/usr/bin/psql', '/usr/bin/patroni', '/usr/bin/etcd'],
  ...['/usr/sbin/haproxy', '/usr/sbin/keepalived', '/usr/sbin/pgbouncer', '/usr/sbin/nft'],
]
export const VIP_MANAGER_PROGRAMS: readonly string[] = [
  ...[`${SERVER}/postgres`, '/usr/bin/psql', '/usr/bin/patroni', '/usr/bin/etcd'],
  ...['/usr/bin/vip-manager', '/usr/sbin/nft'],
]
export const REPMGR_PROGRAMS: readonly string[] = [
  ...[`${SERVER}/postgres`, `${SERVER}/repmgrd`, '/usr/bin/repmgr', '/usr/sbin/nft'],
]

/** Undefined: the machine has all that the lab needs. */
export function whyNot(programs: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'The lab needs Linux: its hosts are network namespaces'
  if (process.getuid?.() !== 0)
    return 'The lab needs root: it makes network namespaces and runs servers inside'
  const missing = programs.filter((program) => !existsSync(program))
  if (missing.length === 0) return undefined
  return `The lab misses ${missing.join(', ')}: test/lab/install installs them on Debian 12`
}
