// What `pool.cluster` shows: a frozen picture of plain values that JSON can carry.
import type { ClusterState } from './failover/cluster-state.ts'
import { explain } from './split-brain/explain.ts'
import { type Verdict, writableNode } from './split-brain/verdict.ts'
import type { ClusterView } from './topology/cluster-view.ts'
import { isDrained } from './topology/drain.ts'
import type { NodeState, NodeView } from './topology/node-view.ts'
import { replicationLag } from './topology/replication-lag.ts'

export interface NodeSnapshot {
  /** `host:port`, or `host/address:port` where its name leads to several addresses. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** What is dialled; null for a socket directory, and for a name that has not been resolved yet. */
  readonly address: string | null
  readonly state: NodeState
  /** Taken out of service: it gets no new work. */
  readonly drained: boolean
  /** ISO 8601, UTC; when `state` began. Null before the first look. */
  readonly since: string | null
  /** When the newest look or sign that counts was taken. */
  readonly checkedAt: string | null
  /** Refuses writes by `default_transaction_read_only`. */
  readonly readOnly: boolean | null
  /** Of the WAL, not of the control file. A standby's is seen with pg_monitor only. */
  readonly timeline: number | null
  /** A primary's insert position, a standby's replay position. */
  readonly lsn: string | null
  readonly followers: number | null
  readonly replicationLagBytes: number | null
  readonly replicationLagMillis: number | null
  readonly systemIdentifier: string | null
  readonly serverVersion: number | null
  readonly roundTripMillis: number | null
  readonly failure: { readonly code: string | null; readonly message: string } | null
}

export interface ClusterSnapshot {
  /** Grows with everything that is learnt. */
  readonly revision: number
  /** The node that takes writes, or null. */
  readonly primary: string | null
  readonly nodes: readonly NodeSnapshot[]
  readonly verdict: ExplainedVerdict
}

/** The verdict, and its explanation in words: what each node showed, by which rules, and what would change it. */
export type ExplainedVerdict = Verdict & { explain(): string }

export function clusterSnapshot({ view, verdict, drains }: ClusterState): ClusterSnapshot {
  const primary = writableNode(verdict)
  return Object.freeze({
    revision: view.revision,
    primary,
    nodes: Object.freeze(
      view.nodes.map((node) => nodeSnapshot(view, node, { primary, drained: isDrained(drains, node.name) })),
    ),
    verdict: explained(verdict),
  })
}

/** Not enumerable: the picture stays one of plain values. */
function explained(verdict: Verdict): ExplainedVerdict {
  const copy = Object.defineProperty({ ...verdict }, 'explain', { value: () => explain(verdict) })
  return Object.freeze(copy as ExplainedVerdict)
}

function nodeSnapshot(
  view: ClusterView,
  node: NodeView,
  { primary, drained }: { primary: string | null; drained: boolean },
): NodeSnapshot {
  const { answer, failure } = node
  const isStandby = node.state === 'standby'
  const lag = isStandby
    ? replicationLag(view, node, primary)
    : { bytes: null, millis: null, isOtherHistory: false }
  return Object.freeze({
    name: node.name,
    host: node.host,
    port: node.port,
    address: node.address,
    state: node.state,
    drained,
    since: node.checkedAtMillis === null ? null : time(node.sinceMillis),
    checkedAt: node.checkedAtMillis === null ? null : time(node.checkedAtMillis),
    readOnly: answer?.readOnly ?? null,
    timeline: answer?.timeline ?? null,
    lsn: (isStandby ? answer?.replayLsn : answer?.writeLsn) ?? null,
    followers: answer?.followers ?? null,
    replicationLagBytes: lag.bytes,
    replicationLagMillis: lag.millis,
    systemIdentifier: answer?.systemIdentifier ?? null,
    serverVersion: answer?.serverVersion ?? null,
    roundTripMillis: node.roundTripMillis,
    failure:
      failure === null ? null : Object.freeze({ code: failure.code ?? null, message: failure.message }),
  })
}

function time(millis: number): string {
  return new Date(millis).toISOString()
}
