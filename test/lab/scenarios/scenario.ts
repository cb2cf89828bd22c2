// What a scenario is: who breaks, how, what the cluster is expected to make of it, and what may be asked of a client.

/** Long enough to see what clients make of it. */
export const HOLD_MILLIS = 5000
/** Where the cluster only has to be seen to go on. */
export const SHORT_HOLD_MILLIS = 3000

/** Who is meant, of the cluster as it stands when the fault begins. */
export type Target = 'primary' | 'standby' | 'standbys' | 'holder' | 'backup'

/** What shows that the fault has had its effect. */
export type Effect =
  /** Nothing is to be seen: the fault is held for a while. */
  | 'none'
  /** Another host takes writes. */
  | 'newPrimary'
  /** A host takes writes again, whichever. */
  | 'primaryAgain'
  /** No host takes writes. */
  | 'noPrimary'
  /** A standby is not one any more. */
  | 'standbyAway'
  /** Two hosts take writes. */
  | 'twoPrimaries'
  /** The virtual address is on another host. */
  | 'addressMoved'
  /** The virtual address is on two hosts. */
  | 'twoHolders'

export interface Scenario {
  readonly name: string
  readonly area: string
  /** The row of the matrix. */
  readonly title: string
  /** What the cluster is expected to do, in a few words. */
  readonly cluster: string
  /** Names of the lab's faults, all injected at once. */
  readonly breaks: readonly { readonly fault: string; readonly on: Target }[]
  readonly effect: Effect
  /** How long the fault is held after its effect. */
  readonly holdMillis: number
  /** The primary is on the preferred host, which holds the virtual address, too. */
  readonly onPreferred?: true
  readonly synchronous?: true
  /** Rows that were acknowledged by a primary that lost its role may be gone: replication is asynchronous. */
  readonly mayLose?: true
  /** A code that pg-ha's writes must have failed with while the fault held, through the host list, and words of it. */
  readonly writesFailWith?: { readonly code: string; readonly saying: string }
  /** Through every way, reads succeed while no write does. */
  readonly readsGoOn?: true
  /** Through the host list, from the moment the cluster takes writes again. */
  readonly writesResumeWithinMillis?: number
  /** Options of pg-ha, where the defaults would make the scenario long. */
  readonly poolOptions?: Readonly<Record<string, unknown>>
  /** In the short selection that every change must pass. */
  readonly inShort?: true
}
