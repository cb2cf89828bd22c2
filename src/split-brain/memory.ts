// What the judge must remember from one verdict to the next: a frozen value it returns anew each time.
import type { ServerIdentity } from '../topology/servers.ts'
import type { TimelineHistory } from '../topology/timeline-history.ts'
import type { Fence } from './fences.ts'

/** Two or more claimants in one view, from the moment they were first seen together. */
export interface Contest {
  readonly claimants: readonly string[]
  readonly sinceMillis: number
  /** Who has most followers now, and since when without a break. */
  readonly leader: string | null
  readonly leaderSinceMillis: number
}

/** A claimant of an open contest that has fallen silent: it may still take writes from others. */
export interface AbsentRival {
  readonly node: string
  readonly timeline: number | null
  readonly lastSeenMillis: number
}

export interface Memory {
  /** When the pool was first used, or woke up with nothing but old beliefs. */
  readonly startedMillis: number
  /** Whether the first decision since then has been made: a primary named, or every node heard or waited for. */
  readonly started: boolean
  readonly systemIdentifier: string | null
  /** The timeline of the last primary named: an older one alone is a stale primary. */
  readonly highWaterTimeline: number | null
  /** Where that timeline came from, where it could be seen. */
  readonly highWaterHistory: TimelineHistory | null
  /** The last primary named, still remembered while it is away. */
  readonly incumbent: string | null
  /** Where it was dialled, and which server answered there: its name may lead to another one since. */
  readonly incumbentAddress: string | null
  readonly incumbentServer: ServerIdentity | null
  readonly contest: Contest | null
  readonly rivals: readonly AbsentRival[]
  readonly fences: readonly Fence[]
  /** Whom of those kept out most nodes have followed, and since when without a break. */
  readonly rewinding: { readonly node: string; readonly sinceMillis: number } | null
}

/** After a sleep: what was settled is remembered, but the next decision is a first one again. */
export function awoken(memory: Memory, nowMillis: number): Memory {
  return Object.freeze({ ...memory, startedMillis: nowMillis, started: false })
}

export function newMemory(nowMillis: number): Memory {
  return Object.freeze({
    startedMillis: nowMillis,
    started: false,
    systemIdentifier: null,
    highWaterTimeline: null,
    highWaterHistory: null,
    incumbent: null,
    incumbentAddress: null,
    incumbentServer: null,
    contest: null,
    rivals: Object.freeze([]),
    fences: Object.freeze([]),
    rewinding: null,
  })
}
