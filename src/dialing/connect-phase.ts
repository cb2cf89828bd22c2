// How far a connect had come when it failed: kept beside the error, whose text and code stay as they were. Knows nothing
// of sockets.
import type { ConnectPhase } from '../errors.ts'

export interface ConnectProgress {
  readonly phase: ConnectPhase
  /** The address dialled, a socket's path, or null while there is none. */
  readonly address: string | null
  /** Since the connect began. */
  readonly elapsedMillis: number
}

const noted = new WeakMap<object, ConnectProgress>()
const DEEPEST_CAUSE = 4

/** The first note stays: whoever saw the error first knows best. */
export function notePhase(error: unknown, progress: ConnectProgress): void {
  if (typeof error === 'object' && error !== null && !noted.has(error)) noted.set(error, progress)
}

/** How far the connect had come that ended with this error; undefined where it was no connect of ours. */
export function connectPhase(error: unknown): ConnectProgress | undefined {
  let next = error
  for (let depth = 0; depth < DEEPEST_CAUSE && typeof next === 'object' && next !== null; depth++) {
    const found = noted.get(next)
    if (found !== undefined) return found
    // pg-pool wraps what ended a connect that took too long.
    next = (next as { cause?: unknown }).cause
  }
  return undefined
}

/** As `new Error(text, { cause })` keeps it: hidden. A cause that is there already stays. */
export function giveCause(error: unknown, cause: Error): void {
  if (!(error instanceof Error) || error === cause || error.cause !== undefined) return
  Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
}
