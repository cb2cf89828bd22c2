// What is known of a write's commit when its connection is lost, before anybody is asked. The batch was: the statement, the
// question for its transaction, a flush, the commit. The server answers in this order.

/**
 * - `notCommitted`: the commit never came to the server, or was never reached by it
 * - `named`: it may have been committed, and the primary can be asked whether it was
 * - `dark`: it may have been committed, and there is nothing to ask for
 */
export type BatchFate = 'notCommitted' | 'named' | 'dark'

export interface LostBatch {
  /** Whether the commit was sent at all. */
  readonly commitSent: boolean
  /** Whether the server has answered the question: all that follows it is the commit. */
  readonly answered: boolean
  /** Whether there is something to ask the primary for. */
  readonly isNamed: boolean
  /** Whether all that the server had sent came before the end of the connection. */
  readonly endedInOrder: boolean
}

/** `null`: it was not sent as such a batch. */
export function fateOfBatch(batch: LostBatch | null): BatchFate {
  if (batch === null) return 'dark'
  if (!batch.commitSent) return 'notCommitted'
  // The answer leaves the server before it reads the commit. A connection that ended in order without the answer ended
  // before the commit.
  if (!batch.answered && batch.endedInOrder) return 'notCommitted'
  return batch.isNamed ? 'named' : 'dark'
}

/** How the connection ended, as this side saw it. */
export interface ConnectionEnd {
  /** The last word was an error that PostgreSQL itself reported, with the place in its source. */
  readonly saidGoodbye: boolean
  /** The stream was read to its end: it was not reset, and not given up by us. */
  readonly readToEnd: boolean
  /** Whether nothing lies between the server's socket and ours; null: not known. */
  readonly isDirect: boolean | null
}

/**
 * TCP delivers in order: an end that the server's own machine has sent comes after everything its process wrote. A reset does
 * not, and a proxy in between may end a connection whose other half goes on.
 */
export function endedInOrder({ saidGoodbye, readToEnd, isDirect }: ConnectionEnd): boolean {
  return saidGoodbye || (readToEnd && isDirect === true)
}
