// What became of a commit whose answer never came: told from what the server said just before it, and from what the primary
// of now says of that transaction. Every doubt ends in `unknown`: a write that is repeated by mistake is the worst there is.
import { assertNever } from '../topology/assert-never.ts'
import { lsnPosition } from '../topology/lsn.ts'
import type { Witness } from './witness.ts'

/** Who the transaction ran with, as far as is known. */
export interface LostCommit {
  readonly node: string
  readonly witness: Witness
  /** Of the cluster the node belonged to; null: it was not seen. */
  readonly systemIdentifier: string | null
  /** Whether a transaction without a number can have changed something all the same: in a foreign table, say. */
  readonly mayWriteUnnumbered: boolean
}

/**
 * - `committed`, `aborted`, `in progress`: as PostgreSQL says
 * - `never assigned`: the number has not been given out in this history
 * - `forgotten`: too long ago to be on record
 */
export type TransactionStatus = 'committed' | 'aborted' | 'in progress' | 'never assigned' | 'forgotten'

/** What the primary of now says. */
export interface PrimaryTestimony {
  readonly node: string
  readonly systemIdentifier: string | null
  readonly timeline: number
  readonly serverStart: string
  readonly status: TransactionStatus
  /**
   * How far it had replayed when its recovery ended, be it as a standby that was promoted or after a crash; null: it was
   * started without any.
   */
  readonly recoveredUpTo: string | null
  /** Where its history leaves the witness's timeline; null: its history was not read, or does not. */
  readonly leftTimelineAt: string | null
  /** When the lost commit's server was started, as last seen by this process, in ms; null: not seen. */
  readonly lastStartMillis?: number | null
}

/** `inProgress`: not decided yet, on the very server it was sent to. */
export type Fate = 'committed' | 'notCommitted' | 'inProgress' | 'unknown'

export interface FateFinding {
  readonly fate: Fate
  /** A sentence for errors and events. */
  readonly reason: string
}

/** Without asking anybody: a transaction that has no number has no commit that could be looked for. */
export function fateOfUnnumbered({ witness, mayWriteUnnumbered }: LostCommit): FateFinding | null {
  if (witness.xid !== null) return null
  return mayWriteUnnumbered
    ? unknown('the transaction had no number to look for, although it may have written')
    : { fate: 'notCommitted', reason: 'the transaction had written nothing' }
}

export function judgeFate(lost: LostCommit, seen: PrimaryTestimony): FateFinding {
  if (lost.systemIdentifier === null || lost.systemIdentifier !== seen.systemIdentifier) {
    return unknown(`${seen.node} may belong to another cluster`)
  }
  if (seen.timeline < lost.witness.timeline) {
    return unknown(
      `${seen.node} is on timeline ${seen.timeline}, before the transaction's ${lost.witness.timeline}`,
    )
  }
  switch (seen.status) {
    case 'aborted':
    case 'never assigned':
      // Had its commit come here, then so had all before it, and the number could not mean another transaction.
      return {
        fate: 'notCommitted',
        reason: `transaction ${lost.witness.xid} is ${seen.status} on ${seen.node}`,
      }
    case 'in progress':
      return isSameRun(lost, seen)
        ? {
            fate: 'inProgress',
            reason: `transaction ${lost.witness.xid} is still in progress on ${seen.node}`,
          }
        : { fate: 'notCommitted', reason: `${seen.node} has given its number to another transaction` }
    case 'forgotten':
      return unknown(`${seen.node} has no record of transaction ${lost.witness.xid} any more`)
    case 'committed':
      return fateOfCommitted(lost, seen)
    default:
      return assertNever(seen.status)
  }
}

/** Committed, says the server: ours, or one that was given the same number after ours had been lost. */
function fateOfCommitted(lost: LostCommit, seen: PrimaryTestimony): FateFinding {
  const { xid, lsn, timeline } = lost.witness
  const committed: FateFinding = {
    fate: 'committed',
    reason: `transaction ${xid} is committed on ${seen.node}`,
  }
  if (isSameRun(lost, seen)) return committed
  if (hasRunAnew(lost, seen)) {
    return unknown(`${lost.node} was started anew in between, and may have given number ${xid} out again`)
  }
  const end = endOfSharedHistory(lost, seen)
  if (end === null) {
    return unknown(
      `transaction ${xid} is committed on ${seen.node}, which may have given its number out again`,
    )
  }
  const [shared, written] = [lsnPosition(end), lsnPosition(lsn)]
  if (shared === null || written === null) return unknown('a position in the WAL could not be read')
  // Replaying any of its records moves the next number past it, so with them here the number is ours for good.
  if (shared > written) return committed
  return {
    fate: 'notCommitted',
    reason: `${seen.node} left timeline ${timeline} at ${end}, before the commit after ${lsn}, and gave its number out again`,
  }
}

/** The last position that both histories have in common; null: not known for sure. */
function endOfSharedHistory(lost: LostCommit, seen: PrimaryTestimony): string | null {
  const { timeline } = lost.witness
  // The same timeline after a restart: a crash may have lost its end. Elsewhere the same number may be another history.
  if (seen.timeline === timeline) return seen.node === lost.node ? seen.recoveredUpTo : null
  if (seen.leftTimelineAt !== null) return seen.leftTimelineAt
  // One step on: it recovered along the witness's timeline and left it where that ended.
  return seen.timeline === timeline + 1 ? seen.recoveredUpTo : null
}

/** The very process tree that the transaction ran in: nothing can have been lost or given out again. */
function isSameRun({ node, witness }: LostCommit, seen: PrimaryTestimony): boolean {
  return seen.node === node && seen.timeline === witness.timeline && seen.serverStart === witness.serverStart
}

/**
 * Whether its server has had another run since, besides that of the server that testifies. A crash takes what was not flushed,
 * and the same timeline then goes on past it with other transactions: how far that history is shared proves nothing any more.
 */
function hasRunAnew(
  { node, witness }: LostCommit,
  { node: seenNode, serverStart, lastStartMillis }: PrimaryTestimony,
): boolean {
  if (lastStartMillis === null || lastStartMillis === undefined) return false
  const isThen = (start: string) => Math.abs(Number(start) * 1000 - lastStartMillis) < 1
  return !isThen(witness.serverStart) && !(seenNode === node && isThen(serverStart))
}

function unknown(reason: string): FateFinding {
  return { fate: 'unknown', reason }
}
