// Which host libpq would connect to, as far as its documents, its sources and recorded runs tell (fe-connect.c, 18): a pure
// function of target_session_attrs and the kinds of the hosts in list order.
import type { TargetSessionAttrs } from '../../src/config/pool-options.ts'
import { assertNever } from '../../src/topology/assert-never.ts'
import type { HostKind } from './host-kind.ts'

/** The index of the host; `hang` where it waits for ever. */
export type Outcome = number | 'error' | 'hang'

export const LIBPQ_SETTINGS: readonly TargetSessionAttrs[] = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
]

/** `connectTimeout`: whether one is given; by default there is none. */
export function libpqChoice(
  setting: TargetSessionAttrs,
  hosts: readonly HostKind[],
  { connectTimeout }: { connectTimeout: boolean },
): Outcome {
  const first = walk(hosts, (kind) => accepts(setting, kind), connectTimeout)
  // Where no standby was found: once more from the first host, whatever its role.
  if (setting === 'prefer-standby' && first === 'none')
    return orError(walk(hosts, () => true, connectTimeout))
  return orError(first)
}

type Walk = Outcome | 'none'

function walk(
  hosts: readonly HostKind[],
  accept: (kind: HostKind) => boolean,
  connectTimeout: boolean,
): Walk {
  for (const [index, kind] of hosts.entries()) {
    switch (meets(kind)) {
      case 'session':
        if (accept(kind)) return index
        break
      case 'nobody':
        break
      case 'silence':
        if (!connectTimeout) return 'hang'
        break
      case 'refusal':
        return 'error'
      default:
        assertNever(meets(kind) as never)
    }
  }
  return 'none'
}

/** Only "starting up" or "shutting down" before authentication sends it on; any other word of a server ends the search. */
function meets(kind: HostKind): 'session' | 'nobody' | 'silence' | 'refusal' {
  if (kind === 'primary' || kind === 'primary_ro' || kind === 'standby') return 'session'
  if (kind === 'silent' || kind === 'hang') return 'silence'
  return kind === 'down' || kind === 'err:57P03' ? 'nobody' : 'refusal'
}

function accepts(setting: TargetSessionAttrs, kind: HostKind): boolean {
  switch (setting) {
    case 'any':
      return true
    case 'read-write':
      return kind === 'primary'
    case 'read-only':
      return kind !== 'primary'
    case 'primary':
      return kind !== 'standby'
    case 'standby':
    case 'prefer-standby':
      return kind === 'standby'
    default:
      return assertNever(setting)
  }
}

function orError(result: Walk): Outcome {
  return result === 'none' ? 'error' : result
}
