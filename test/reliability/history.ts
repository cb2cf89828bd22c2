// What clients did and what they were told, and what the database holds in the end: plain values. Decides nothing.

/**
 * - `insert`: a row of its own
 * - `append`: its number at the end of a list
 * - `transfer`: an amount from one account to another, and a row in the ledger
 */
export type WriteKind = 'insert' | 'append' | 'transfer'

/**
 * - `acknowledged`: it succeeded, so the caller was told
 * - `failed`: it failed, and nothing of it may be there
 * - `unknown`: the caller was told that nobody knows
 */
export type Outcome = 'acknowledged' | 'failed' | 'unknown'

export interface Transfer {
  readonly from: number
  readonly to: number
  readonly amount: number
}

/** A place in one history of the WAL. Places of different timelines are not compared. */
export interface WalPlace {
  readonly timeline: number
  readonly lsn: bigint
}

export interface Write {
  /** Unique in a history: what the database is searched for afterwards. */
  readonly id: number
  readonly kind: WriteKind
  /** The list of an append. */
  readonly list?: number
  readonly transfer?: Transfer
  readonly outcome: Outcome
  /** Of the error; null for an acknowledged write. */
  readonly code: string | null
  /** Why its outcome is unknown, without numbers and names; null for every other outcome. */
  readonly why: string | null
  readonly startedMillis: number
  readonly settledMillis: number
  /** Where the WAL stood after its change and before its commit, as its own answer said; null: no answer, or not asked. */
  readonly place: WalPlace | null
  /** The fault under which it was begun. */
  readonly round: number
}

/** Where a promoted server left its predecessor's history. */
export interface Fork {
  readonly timeline: number
  readonly parent: number
  /** The new history begins here: what was written on the parent from here on is not in it. */
  readonly lsn: bigint
}

export interface Findings {
  /** How often each write was found. */
  readonly times: ReadonlyMap<number, number>
  /** The lists of appends, in order. */
  readonly lists: ReadonlyMap<number, readonly number[]>
  readonly balances: ReadonlyMap<number, number>
  /** Every row of the ledger. */
  readonly ledger: readonly (Transfer & { readonly id: number })[]
}

export interface History {
  readonly writes: readonly Write[]
  readonly forks: readonly Fork[]
  /** What each account began with. */
  readonly openingBalance: number
  readonly accounts: number
  readonly found: Findings
}
