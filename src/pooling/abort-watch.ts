// Watches the AbortSignal of one request: what an abort does depends on how far the request has come. Knows nothing of nodes.
import type { Release } from '../config/pool-engine.ts'
import { onAbort } from './abort-listener.ts'
import { Cancellation } from './cancellation.ts'
import type { TrackedClient } from './tracked-client.ts'

export class AbortWatch {
  readonly #signal: AbortSignal
  readonly #stop: () => void
  #act: (() => void) | null = null
  #cancellation: Cancellation | null = null
  #isOver = false

  constructor(signal: AbortSignal) {
    this.#signal = signal
    this.#stop = onAbort(signal, () => this.#act?.())
  }

  get isAborted(): boolean {
    return this.#signal.aborted
  }

  get reason(): Error {
    return abortReason(this.#signal)
  }

  /** Its request has been settled. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Only its own server has applied it, and an abort has kept it from waiting for a standby. */
  get isUnreplicated(): boolean {
    return this.#cancellation?.isUnreplicated === true
  }

  /** The callback, for once: an abort may settle a request while what was under way has still to end. */
  settling<T extends unknown[]>(callback: (...given: T) => void): (...given: T) => void {
    return (...given) => {
      if (this.#isOver) return
      this.#isOver = true
      this.#act = null
      this.#stop()
      callback(...given)
    }
  }

  /** From now on an abort does this. */
  abortBy(act: () => void): void {
    this.#act = act
  }

  /** From now on an abort cancels what the connection is running. */
  running(client: TrackedClient): void {
    this.#act = () => {
      this.#cancellation = new Cancellation(client)
    }
    if (this.isAborted) this.#act()
  }

  /** It runs no more. The connection may be given back by what this returns: when no cancel request can meet its next holder. */
  ran(release: Release): Release {
    this.#act = null
    const cancellation = this.#cancellation
    if (cancellation === null) return release
    cancellation.stop()
    return (destroy) => cancellation.over((isFit) => release(isFit ? destroy : true))
  }
}

/** The signal's own reason; a reason that would pass for no error is replaced by what an abort without one has. */
export function abortReason(signal: AbortSignal): Error {
  return (signal.reason || new DOMException('This operation was aborted', 'AbortError')) as Error
}

/** The `signal` of what `query`, `connect` or `transaction` was given. @throws TypeError for anything but a signal. */
export function signalOf(given: unknown): AbortSignal | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { signal } = given as { signal?: unknown }
  if (signal === undefined || signal === null) return undefined
  if (signal instanceof AbortSignal) return signal
  throw new TypeError('signal: expected an AbortSignal')
}
