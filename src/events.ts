// What a pool tells its listeners beyond pg.Pool's own events: name and payload. Emitted last, when the pools are ready.
import type { ClaimantEvidence } from './split-brain/evidence.ts'
import type { Verdict } from './split-brain/verdict.ts'
import type { NodeState } from './topology/node-view.ts'

/** The node that takes writes has changed, or there is none any more, or there is one again. */
export interface PrimaryChange {
  readonly previous: string | null
  readonly current: string | null
  readonly verdict: Verdict
  readonly revision: number
}

/** A node is believed to be something else than before. */
export interface NodeChange {
  readonly node: string
  readonly previous: NodeState
  readonly current: NodeState
  /** Why, where a failure is the reason. */
  readonly failure: { readonly code: string | undefined; readonly message: string } | null
  readonly revision: number
}

/** Two or more primaries are a fact. The verdict says whether one of them is still written to. */
export interface SplitBrain {
  readonly claimants: readonly ClaimantEvidence[]
  readonly verdict: Verdict
  readonly revision: number
}

export interface SplitBrainEnd {
  readonly durationMillis: number
  readonly verdict: Verdict
  readonly revision: number
}

/** Writes have moved from one node to another. */
export interface Failover {
  readonly from: string
  readonly to: string
  /** How long no node could be written to, as this pool saw it. */
  readonly downtimeMillis: number
  readonly verdict: Verdict
  readonly revision: number
}

/** What became of a write whose answer never came. */
export interface CommitOutcome {
  readonly outcome: 'committed' | 'notCommitted' | 'unknown'
  readonly of: 'statement' | 'transaction'
  /** Where it was sent. */
  readonly node: string
  /** The transaction's number there, where it was learnt. */
  readonly xid: string | null
  readonly reason: string
  /** From the loss of the connection until this was known. */
  readonly waitedMillis: number
}

export interface PoolEvents {
  primaryChange: PrimaryChange
  nodeChange: NodeChange
  splitBrain: SplitBrain
  splitBrainEnd: SplitBrainEnd
  failover: Failover
  commitOutcome: CommitOutcome
}

export type PoolEvent = {
  readonly [Name in keyof PoolEvents]: { readonly name: Name; readonly payload: PoolEvents[Name] }
}[keyof PoolEvents]
