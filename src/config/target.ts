// Which nodes a pool is for and whether it spreads over them: two vocabularies, pgjdbc's and libpq's, for one thing.
// The source of the highest rank that uses either decides; within one source they must agree.
import type { FaultList } from './fault-list.ts'
import { type GivenOptions, readBoolean, readChoice } from './given-options.ts'
import type { TargetServerType, TargetSessionAttrs } from './pool-options.ts'
import type { Target } from './settings.ts'

const OF_PGJDBC: Readonly<Record<TargetServerType, Target>> = {
  any: 'any',
  primary: 'read-write',
  master: 'read-write',
  secondary: 'read-only',
  slave: 'read-only',
  preferSecondary: 'prefer-standby',
  preferSlave: 'prefer-standby',
  preferPrimary: 'prefer-primary',
}

const OF_LIBPQ: Readonly<Record<TargetSessionAttrs, Target>> = {
  any: 'any',
  'read-write': 'read-write',
  'read-only': 'read-only',
  primary: 'primary',
  standby: 'standby',
  'prefer-standby': 'prefer-standby',
}

/**
 * Pairs of different targets that agree, with the stricter of the two, which counts: pgjdbc's `primary` also takes
 * writes; libpq's `standby` is also in recovery.
 */
const AGREEING: readonly { pgjdbc: Target; libpq: Target; stricter: Target }[] = [
  { pgjdbc: 'read-write', libpq: 'primary', stricter: 'read-write' },
  { pgjdbc: 'read-only', libpq: 'standby', stricter: 'standby' },
]

/** Undefined when no source names a target. */
export function resolveTarget(sources: readonly GivenOptions[], faults: FaultList): Target | undefined {
  const source = sources.find((given) => given.has('targetServerType') || given.has('target_session_attrs'))
  const serverType = source?.get('targetServerType')
  const sessionAttrs = source?.get('target_session_attrs')
  const pgjdbc = serverType && readKey(readChoice(serverType, keysOf(OF_PGJDBC), faults), OF_PGJDBC)
  const libpq = sessionAttrs && readKey(readChoice(sessionAttrs, keysOf(OF_LIBPQ), faults), OF_LIBPQ)
  if (pgjdbc === undefined || libpq === undefined || pgjdbc === libpq) return pgjdbc ?? libpq
  const pair = AGREEING.find((known) => known.pgjdbc === pgjdbc && known.libpq === libpq)
  if (pair !== undefined) return pair.stricter
  faults.add(
    'targetServerType',
    `'${serverType?.value}' contradicts target_session_attrs '${sessionAttrs?.value}', expected one of the two or the same meaning`,
  )
  return undefined
}

/** Undefined when no source says. */
export function resolveLoadBalancing(
  sources: readonly GivenOptions[],
  faults: FaultList,
): boolean | undefined {
  const source = sources.find((given) => given.has('loadBalanceHosts') || given.has('load_balance_hosts'))
  const flag = source?.get('loadBalanceHosts')
  const word = source?.get('load_balance_hosts')
  const pgjdbc = flag && readBoolean(flag, faults)
  const chosen = word && readChoice(word, ['disable', 'random'], faults)
  const libpq = chosen && chosen === 'random'
  if (pgjdbc !== undefined && libpq !== undefined && pgjdbc !== libpq) {
    faults.add(
      'loadBalanceHosts',
      `${pgjdbc} contradicts load_balance_hosts '${chosen}', expected one of the two`,
    )
  }
  return pgjdbc ?? libpq
}

function keysOf<Key extends string>(record: Readonly<Record<Key, Target>>): Key[] {
  return Object.keys(record) as Key[]
}

function readKey<Key extends string>(
  key: Key | undefined,
  record: Readonly<Record<Key, Target>>,
): Target | undefined {
  return key === undefined ? undefined : record[key]
}
