// How far a standby is behind: in bytes against the primary's position at the moment of the standby's own look, in
// milliseconds by the looks at the primary and by replay times.
import { type ClusterView, findNode } from './cluster-view.ts'
import { lsnEnd } from './lsn.ts'
import type { NodeView } from './node-view.ts'

export interface ReplicationLag {
  /** Null where either position is unknown. */
  readonly bytes: number | null
  readonly millis: number | null
  /** The standby is known to be on another timeline than the primary: their positions cannot be compared. */
  readonly isOtherHistory: boolean
  /**
   * It receives nothing although there is a primary whose WAL it lacks: what it shows grows older. Or it has what that
   * primary has not written: it was one itself, and nobody has rewound it.
   */
  readonly isCutOff: boolean
}

export interface LagLimits {
  /** Infinity: no limit. */
  readonly maxBytes: number
  readonly maxMillis: number
}

/** Where a primary's WAL ended, and when that was asked. */
interface Mark {
  readonly atMillis: number
  readonly position: number
}

/**
 * A standby that has replayed all that the primary had written is 0 ms behind, however old the last transaction is.
 * Otherwise it is behind since the primary passed its position, as far as the looks at the primary tell, but no longer
 * than the last transaction it replayed is old; whether its receiver still runs or not.
 */
export function replicationLag(view: ClusterView, standby: NodeView, primary: string | null): ReplicationLag {
  const ahead = primary === null ? undefined : findNode(view, primary)
  const behind = standby.answer
  const age = behind?.replayAgeMillis ?? null
  const timeline = ahead?.answer?.timeline
  if (timeline != null && behind?.timeline != null && timeline !== behind.timeline) {
    return { bytes: null, millis: age, isOtherHistory: true, isCutOff: false }
  }
  const replayed = lsnEnd(behind?.replayLsn ?? null)
  const marks = ahead === undefined ? [] : marksOf(ahead)
  if (behind === null || replayed === null || marks.length === 0) {
    return { bytes: null, millis: age, isOtherHistory: false, isCutOff: false }
  }
  const distance = Math.round(positionAt(marks, behind.askedAtMillis) - replayed)
  const bytes = Math.max(0, distance)
  const passed = passedAt(marks, replayed)
  const since = passed === null ? null : Math.max(0, behind.askedAtMillis - passed)
  const millis = bytes === 0 ? 0 : least(age, since)
  return { bytes, millis, isOtherHistory: false, isCutOff: behind.receiving === false && distance !== 0 }
}

/** Its last two looks, the older first; of one timeline, or their positions could not be compared. */
function marksOf({ answer, earlier }: NodeView): readonly Mark[] {
  const isSameHistory = earlier?.timeline === answer?.timeline
  return [isSameHistory ? earlier : null, answer].flatMap((look) => {
    const position = lsnEnd(look?.writeLsn ?? null)
    return look == null || position === null ? [] : [{ atMillis: look.askedAtMillis, position }]
  })
}

/** Between two looks in proportion; before the first and after the last as it was then. */
function positionAt([first, last]: readonly Mark[], atMillis: number): number {
  if (first === undefined) return 0
  if (last === undefined || atMillis <= first.atMillis) return first.position
  if (atMillis >= last.atMillis) return last.position
  const part = (atMillis - first.atMillis) / (last.atMillis - first.atMillis)
  return first.position + part * (last.position - first.position)
}

/** When the primary's WAL went beyond this position; null: before the looks that are known, or not yet. */
function passedAt([first, last]: readonly Mark[], position: number): number | null {
  if (first === undefined || position < first.position) return null
  if (last === undefined || position >= last.position) return null
  const part = (position - first.position) / (last.position - first.position)
  return first.atMillis + part * (last.atMillis - first.atMillis)
}

function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}

/**
 * A lag that cannot be measured because no primary is known is let pass: reads go on while the primary is away. A standby
 * on another timeline is beyond any limit, and one that is cut off is beyond any use.
 */
export function isWithinLag(lag: ReplicationLag, limits: LagLimits): boolean {
  if (lag.isCutOff) return false
  const isLimited = Number.isFinite(limits.maxBytes) || Number.isFinite(limits.maxMillis)
  if (lag.isOtherHistory && isLimited) return false
  return (lag.bytes ?? 0) <= limits.maxBytes && (lag.millis ?? 0) <= limits.maxMillis
}
