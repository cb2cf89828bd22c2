// The evidence that is no look, as the tables write it: the cluster manager's word, and where a timeline comes from.
import type { ManagerReport } from '../../src/topology/manager-word.ts'
import type { TimelineHistory } from '../../src/topology/timeline-history.ts'
import { strictWord } from './strict-mapping.ts'

/**
 * `names=b`, `names=10.0.0.9/5432`, `names=none`; `lock=yes|no`; `paused`; `age=40000`; `asked=90`; `member=n1 leader=n1` for
 * an agent that says who it speaks for, and a leader whose address is unknown; `silent`.
 */
export function managerReport(node: string, text: string, atMillis: number): ManagerReport {
  const words = new Map(text.split(' ').map((word) => word.split('=') as [string, string | undefined]))
  const known = ['names', 'lock', 'paused', 'age', 'asked', 'member', 'leader', 'silent', 'anonymous']
  for (const word of words.keys()) strictWord(word, known)
  const agent = `http://${node}`
  const askedAtMillis = Number(words.get('asked') ?? atMillis)
  const at = words.has('anonymous') ? null : node
  if (words.has('silent')) {
    return {
      node: at,
      result: { kind: 'managerFailure', agent, askedAtMillis, code: 'ETIMEDOUT', message: 'x' },
    }
  }
  const lock = words.get('lock')
  return {
    node: at,
    result: {
      ...{ kind: 'managerAnswer', agent, askedAtMillis },
      members: membersOf(words.get('names'), words.get('leader')),
      member: words.get('member') ?? null,
      holdsLock: lock === undefined ? null : lock === 'yes',
      isPaused: words.has('paused'),
      storeAgeMillis: words.has('age') ? Number(words.get('age')) : null,
      switchover: null,
    },
  }
}

function membersOf(place: string | undefined, leader: string | undefined) {
  const common = { isSynchronous: false, state: 'running', timeline: null }
  const replica = { name: 'other', host: 'nowhere', port: 5432, role: 'replica', ...common } as const
  if (leader !== undefined) {
    return [replica, { name: leader, host: 'nowhere', port: 5432, role: 'leader', ...common } as const]
  }
  if (place === undefined || place === 'none') return [replica]
  const [host = '', port = '5432'] = place.split('/')
  return [replica, { name: `at ${host}`, host, port: Number(port), role: 'leader', ...common } as const]
}

/** `1@0/30 2@0/50`, oldest first; `hidden` where it may not be seen. */
export function tracedHistory(timeline: number, text: string): TimelineHistory | null {
  if (text === 'hidden') return null
  const switches = text.split(' ').map((word) => {
    const [number, lsn = ''] = word.split('@')
    return { timeline: Number(number), lsn }
  })
  return { timeline, switches }
}
