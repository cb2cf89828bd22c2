// How far a standby is behind: in bytes against the primary's last known position, in milliseconds by replay times.
import { type ClusterView, findNode } from './cluster-view.ts'
import { lsnDistanceBytes } from './lsn.ts'
import type { NodeView } from './node-view.ts'

export interface ReplicationLag {
  /** Null where either position is unknown. */
  readonly bytes: number | null
  readonly millis: number | null
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
  const ahead = primary === null ? null : (findNode(view, primary)?.answer?.writeLsn ?? null)
  const behind = standby.answer?.replayLsn ?? null
  const bytes = lsnDistanceBytes(ahead, behind)
  if (bytes === 0) return { bytes, millis: 0 }
  return { bytes, millis: standby.answer?.replayAgeMillis ?? null }
}

/** A lag that cannot be measured (no primary is known) is let pass: reads go on while the primary is away. */
export function isWithinLag(lag: ReplicationLag, limits: LagLimits): boolean {
  return (lag.bytes ?? 0) <= limits.maxBytes && (lag.millis ?? 0) <= limits.maxMillis
}
