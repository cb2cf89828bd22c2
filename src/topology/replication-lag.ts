// How far a standby is behind: in bytes against the primary's last known position, in milliseconds by replay times.
import { type ClusterView, findNode } from './cluster-view.ts'
import { lsnDistanceBytes } from './lsn.ts'
import type { NodeView } from './node-view.ts'

export interface ReplicationLag {
  /** Null where either position is unknown. */
  readonly bytes: number | null
  readonly millis: number | null
  /** The standby is known to be on another timeline than the primary: their positions cannot be compared. */
  readonly isOtherHistory: boolean
}

export interface LagLimits {
  /** Infinity: no limit. */
  readonly maxBytes: number
  readonly maxMillis: number
}

/**
 * A standby that has replayed all that the primary had written is 0 ms behind, however old the last transaction is;
 * otherwise it is as far behind as that transaction is old, whether its receiver still runs or not.
 */
export function replicationLag(view: ClusterView, standby: NodeView, primary: string | null): ReplicationLag {
  const ahead = primary === null ? undefined : findNode(view, primary)?.answer
  const behind = standby.answer
  const age = behind?.replayAgeMillis ?? null
  if (ahead?.timeline != null && behind?.timeline != null && ahead.timeline !== behind.timeline) {
    return { bytes: null, millis: age, isOtherHistory: true }
  }
  const bytes = lsnDistanceBytes(ahead?.writeLsn ?? null, behind?.replayLsn ?? null)
  return { bytes, millis: bytes === 0 ? 0 : age, isOtherHistory: false }
}

/**
 * A lag that cannot be measured because no primary is known is let pass: reads go on while the primary is away. A standby
 * on another timeline is beyond any limit.
 */
export function isWithinLag(lag: ReplicationLag, limits: LagLimits): boolean {
  const isLimited = Number.isFinite(limits.maxBytes) || Number.isFinite(limits.maxMillis)
  if (lag.isOtherHistory && isLimited) return false
  return (lag.bytes ?? 0) <= limits.maxBytes && (lag.millis ?? 0) <= limits.maxMillis
}
