// A place in a cluster's WAL, with the timeline it is on, and the token that carries it to another process. Positions of
// different timelines are never compared.

export interface WalPosition {
  readonly timeline: number
  /** As a number: exact up to 2^56, because records end at multiples of 8. */
  readonly position: number
}

const TOKEN = /^pgha1\.([1-9][0-9]{0,9})\.([0-9a-f]{1,14})$/

/** Fit for a cookie, a header or a job: letters, digits and points. */
export function positionToken({ timeline, position }: WalPosition): string {
  return `pgha1.${timeline}.${position.toString(16)}`
}

/** Null where the text is none: it may come from a cookie. */
export function readPositionToken(token: string): WalPosition | null {
  const [, timeline, position] = TOKEN.exec(token) ?? []
  if (timeline === undefined || position === undefined) return null
  return { timeline: Number(timeline), position: Number.parseInt(position, 16) }
}

/** The later of two; of two timelines the newer one's, whose history holds what is left of the other's. */
export function laterPosition(a: WalPosition | null, b: WalPosition): WalPosition {
  if (a === null || a.timeline < b.timeline) return b
  return a.timeline === b.timeline && a.position < b.position ? b : a
}

/** As a server writes it: `16/B374D848`. */
export function lsnText(position: number): string {
  const high = Math.floor(position / 2 ** 32)
  return `${high.toString(16)}/${(position % 2 ** 32).toString(16)}`.toUpperCase()
}
