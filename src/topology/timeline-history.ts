// Where a history of WAL comes from: the timelines it has branched off, and where. Tells histories apart that have the same
// number. Positions are compared for equality only: an order exists within one history alone.

/** Of a primary, as `TIMELINE_HISTORY` gives it. */
export interface TimelineHistory {
  readonly timeline: number
  /** The ancestors, oldest first, each with the position at which it was left. Empty for timeline 1. */
  readonly switches: readonly TimelineSwitch[]
}

export interface TimelineSwitch {
  readonly timeline: number
  readonly lsn: string
}

/**
 * - `same`: one history, as far as it has branched
 * - `newer`: it begins with all of the other one, and has branched off from its last timeline
 * - `older`: the other way round
 * - `siblings`: each has what the other lacks
 */
export type Kinship = 'same' | 'newer' | 'older' | 'siblings'

export function kinship(history: TimelineHistory, other: TimelineHistory): Kinship {
  if (history.timeline === other.timeline) {
    return beginsWith(history.switches, other.switches) && beginsWith(other.switches, history.switches)
      ? 'same'
      : 'siblings'
  }
  if (hasBranchedOff(history, other)) return 'newer'
  return hasBranchedOff(other, history) ? 'older' : 'siblings'
}

/** The first timeline has no file: where it comes from needs no asking. */
export function firstHistory(timeline: number | null): TimelineHistory | null {
  return timeline === 1 ? FIRST : null
}

const FIRST: TimelineHistory = Object.freeze({ timeline: 1, switches: Object.freeze([]) })

function hasBranchedOff(younger: TimelineHistory, older: TimelineHistory): boolean {
  const { switches } = younger
  return beginsWith(switches, older.switches) && switches[older.switches.length]?.timeline === older.timeline
}

function beginsWith(switches: readonly TimelineSwitch[], prefix: readonly TimelineSwitch[]): boolean {
  return prefix.every(
    ({ timeline, lsn }, i) => switches[i]?.timeline === timeline && switches[i]?.lsn === lsn,
  )
}

/** The content of a history file: `timeline <tab> position <tab> reason` a line. Null where it is none. */
export function parseHistory(timeline: number, content: string): TimelineHistory | null {
  const switches: TimelineSwitch[] = []
  for (const line of content.split('\n')) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const match = /^\s*(\d+)\s+([0-9A-F]{1,8}\/[0-9A-F]{1,8})(\s|$)/i.exec(line)
    if (match === null) return null
    switches.push(Object.freeze({ timeline: Number(match[1]), lsn: (match[2] as string).toUpperCase() }))
  }
  return Object.freeze({ timeline, switches: Object.freeze(switches) })
}
