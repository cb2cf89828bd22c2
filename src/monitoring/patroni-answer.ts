// Reads what Patroni's REST API answers. Versions differ in words (`master` and `primary`, `sync_standby` and
// `quorum_standby`) and leave fields out: what is not there is not known, what is not understood is never a leader.
import type { ManagerAnswer, ManagerMember, PlannedSwitchover } from '../topology/manager-word.ts'

type Fields = Readonly<Record<string, unknown>>

/** Null where the text is not a cluster as `GET /cluster` gives it. */
export function readCluster(text: string): Pick<ManagerAnswer, 'members' | 'isPaused' | 'switchover'> | null {
  const cluster = fieldsOf(text)
  if (cluster === null || !Array.isArray(cluster.members)) return null
  const members = cluster.members.flatMap((each: unknown) => readMember(each) ?? [])
  return {
    members: Object.freeze(members),
    isPaused: cluster.pause === true,
    switchover: readSwitchover(cluster.scheduled_switchover),
  }
}

/** What `GET /primary` says of the agent's own node; `date` is the answer's header, on the agent's clock. */
export function readPrimary(
  status: number,
  { text, date }: { text: string; date: string | undefined },
): Pick<ManagerAnswer, 'member' | 'holdsLock' | 'storeAgeMillis'> {
  const body = fieldsOf(text) ?? {}
  const patroni = isFields(body.patroni) ? body.patroni : {}
  return {
    member: typeof patroni.name === 'string' ? patroni.name : null,
    // Anything else than these two is a proxy's or a failure's word.
    holdsLock: status === 200 ? true : status === 503 ? false : null,
    storeAgeMillis: ageMillis(body.dcs_last_seen, date),
  }
}

/** Both times are the agent's own: its clock may be far from ours. */
function ageMillis(seenSeconds: unknown, date: string | undefined): number | null {
  const answeredMillis = date === undefined ? Number.NaN : Date.parse(date)
  if (typeof seenSeconds !== 'number' || Number.isNaN(answeredMillis)) return null
  // The header has whole seconds.
  return Math.max(0, answeredMillis - seenSeconds * 1000)
}

function readMember(given: unknown): ManagerMember | null {
  if (!isFields(given)) return null
  const { name, host, port, role, state, timeline } = given
  if (typeof name !== 'string' || typeof host !== 'string') return null
  return Object.freeze({
    name,
    host,
    port: Number(port ?? 5432),
    role: roleOf(role),
    isSynchronous: role === 'sync_standby' || role === 'quorum_standby',
    state: typeof state === 'string' ? state : 'unknown',
    // 'unknown' where the member did not say.
    timeline: typeof timeline === 'number' ? timeline : null,
  })
}

function roleOf(role: unknown): ManagerMember['role'] {
  switch (role) {
    case 'leader':
    case 'master':
    case 'primary':
      return 'leader'
    case 'standby_leader':
      return 'standbyLeader'
    case 'replica':
    case 'sync_standby':
    case 'quorum_standby':
      return 'replica'
    default:
      return 'other'
  }
}

function readSwitchover(given: unknown): PlannedSwitchover | null {
  if (!isFields(given)) return null
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return Object.freeze({ at: text(given.at), from: text(given.from), to: text(given.to) })
}

function fieldsOf(text: string): Fields | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return isFields(parsed) ? parsed : null
  } catch {
    return null
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
