// How long the network to a node takes: told from looks, each of which may be longer because a machine was busy, never shorter.

export interface NetworkTime {
  /** When the present span began. */
  readonly sinceMillis: number
  /** The quickest look of the present span. */
  readonly millis: number
  /** That of the span before; null: this is the first. */
  readonly earlierMillis: number | null
  /** Looks of the present span. */
  readonly looks: number
}

/** A route that has become slower is known after two of them. */
const SPAN_MILLIS = 60_000
/** So many of the first are not trusted: new sessions on both sides are slow. */
const FEW = 10

export function withLook(
  before: NetworkTime | null,
  { atMillis, millis }: { atMillis: number; millis: number },
): NetworkTime {
  if (before === null) return Object.freeze({ sinceMillis: atMillis, millis, earlierMillis: null, looks: 1 })
  if (atMillis - before.sinceMillis >= SPAN_MILLIS && before.looks >= FEW) {
    return Object.freeze({ sinceMillis: atMillis, millis, earlierMillis: before.millis, looks: 1 })
  }
  return Object.freeze({ ...before, millis: Math.min(before.millis, millis), looks: before.looks + 1 })
}

/** Null: too few looks to say, all of them slow. */
export function networkMillis(time: NetworkTime | null): number | null {
  if (time === null) return null
  const { millis, earlierMillis, looks } = time
  return earlierMillis === null && looks < FEW ? null : Math.min(millis, earlierMillis ?? millis)
}
