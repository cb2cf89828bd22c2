// What a cluster manager says of its cluster: plain values, one for each of its agents. Knows nothing of how it is asked,
// nor of who is right.

/** A member as the manager lists it. */
export interface ManagerMember {
  readonly name: string
  readonly host: string
  readonly port: number
  /** `other`: a role this library has no word for; it is never taken for a leader. */
  readonly role: 'leader' | 'standbyLeader' | 'replica' | 'other'
  readonly isSynchronous: boolean
  readonly state: string
  readonly timeline: number | null
}

/** A switchover that has been asked for and has not begun. */
export interface PlannedSwitchover {
  /** ISO 8601, as the manager gives it; null: at once. */
  readonly at: string | null
  readonly from: string | null
  readonly to: string | null
}

/** One agent's answer. */
export interface ManagerAnswer {
  readonly kind: 'managerAnswer'
  /** The agent's address, without credentials. */
  readonly agent: string
  /** When the question left, on the pool's clock. */
  readonly askedAtMillis: number
  readonly members: readonly ManagerMember[]
  /** Which member this agent speaks for, where it says so. */
  readonly member: string | null
  /** Whether this agent says that its own node holds the leader's lock; null: it did not say. */
  readonly holdsLock: boolean | null
  /** In maintenance: the manager does not act, so its silence or its leader proves nothing. */
  readonly isPaused: boolean
  /** How long ago this agent last saw the store it takes its word from; null: it did not say. */
  readonly storeAgeMillis: number | null
  readonly switchover: PlannedSwitchover | null
}

export interface ManagerFailure {
  readonly kind: 'managerFailure'
  readonly agent: string
  readonly askedAtMillis: number
  readonly code: string | undefined
  readonly message: string
}

export type ManagerResult = ManagerAnswer | ManagerFailure

/** The member with the leader's lock by this answer, or null. The leader of a standby cluster takes no writes. */
export function leaderOf({ members }: ManagerAnswer): ManagerMember | null {
  return members.find((member) => member.role === 'leader') ?? null
}

/** The last that was heard of one agent. */
export interface ManagerReport {
  /** The node on whose host the agent runs, where that is known. */
  readonly node: string | null
  readonly result: ManagerResult
}
