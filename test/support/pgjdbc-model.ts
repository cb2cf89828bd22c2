// Which host pgjdbc would connect to with no host status cached, as its sources tell (MultiHostChooser and
// ConnectionFactoryImpl, 42.7): a pure function of targetServerType and the kinds of the hosts in list order. Servers that
// fall silent are left out: what becomes of the hosts after them depends on one budget of time for all.
import type { TargetServerType } from '../../src/config/pool-options.ts'
import { assertNever } from '../../src/topology/assert-never.ts'
import type { HostKind } from './host-kind.ts'

export const PGJDBC_SETTINGS: readonly TargetServerType[] = [
  'any',
  'primary',
  'master',
  'secondary',
  'slave',
  'preferSecondary',
  'preferSlave',
  'preferPrimary',
]

/** The index of the host it takes, `error` where it takes none. */
export function pgjdbcChoice(setting: TargetServerType, hosts: readonly HostKind[]): number | 'error' {
  const found = firstOf(hosts, (kind) => accepts(setting, kind))
  if (found !== null || !setting.startsWith('prefer')) return found ?? 'error'
  // The second pass asks nobody for its role.
  return firstOf(hosts, () => true) ?? 'error'
}

/** Every failure, of whatever kind, sends it on to the next host. */
function firstOf(hosts: readonly HostKind[], accept: (kind: HostKind) => boolean): number | null {
  const index = hosts.findIndex((kind) => isLive(kind) && accept(kind))
  return index === -1 ? null : index
}

function isLive(kind: HostKind): boolean {
  return kind === 'primary' || kind === 'primary_ro' || kind === 'standby'
}

/** A primary that refuses writes by default is a secondary. */
function accepts(setting: TargetServerType, kind: HostKind): boolean {
  switch (setting) {
    case 'any':
      return true
    case 'primary':
    case 'master':
    case 'preferPrimary':
      return kind === 'primary'
    case 'secondary':
    case 'slave':
    case 'preferSecondary':
    case 'preferSlave':
      return kind !== 'primary'
    default:
      return assertNever(setting)
  }
}
