// How many logins one pool may have under way at one node, and when it may try the next. A server that has just become the
// primary is met by every pool of every process at once, and one that has no room by all that wait. So a pool begins with two
// and may go on with one more for each that is made; after a refusal it tries one at a time, ever later.
import { pauseMillis } from './backoff.ts'

export interface LoginPace {
  /** How many may be under way. */
  readonly limit: number
  /** Refusals since the last login that was made. */
  readonly refusals: number
  /** None before then. */
  readonly notBeforeMillis: number
}

const FIRST_LOGINS = 2

export const FIRST_PACE: LoginPace = Object.freeze({
  limit: FIRST_LOGINS,
  refusals: 0,
  notBeforeMillis: Number.NEGATIVE_INFINITY,
})

export function afterLogin(pace: LoginPace): LoginPace {
  return { ...pace, limit: pace.limit + 1, refusals: 0 }
}

/** The server let it not in, for a reason that is the server's. `random` is uniform in [0, 1). */
export function afterRefusal(
  { refusals, notBeforeMillis }: LoginPace,
  { nowMillis, random }: { nowMillis: number; random: number },
): LoginPace {
  const until = nowMillis + pauseMillis(refusals + 2, random)
  return { limit: 1, refusals: refusals + 1, notBeforeMillis: Math.max(notBeforeMillis, until) }
}

/** The connections of the pool at the node, and who asks for one. */
export interface Connections {
  readonly max: number
  /** Logged in, in use or not. */
  readonly made: number
  /** At rest, and meant for nobody yet. */
  readonly free: number
  readonly loggingIn: number
  /** Who has none yet, logins under way or not: whichever connection comes first is the first one's. */
  readonly callers: number
}

/**
 * - `take`: one at rest; or, with as many as there may be, whichever comes back
 * - `logIn`: begin another login
 * - `hold`: wait for a login that is under way, for the end of a pause, or for a connection to come back
 * - `refuse`: nothing is under way that could be waited for: choose anew
 */
export type Turn = 'take' | 'logIn' | 'hold' | 'refuse'

export function turnOf(
  { limit, notBeforeMillis }: LoginPace,
  { max, made, free, loggingIn, callers }: Connections,
  nowMillis: number,
): Turn {
  if (free > 0 || made >= max) return 'take'
  if (nowMillis < notBeforeMillis) return made + loggingIn > 0 ? 'hold' : 'refuse'
  return loggingIn < Math.min(limit, callers, max - made) ? 'logIn' : 'hold'
}
