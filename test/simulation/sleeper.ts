// Whether a client process of the simulation runs: while it sleeps nothing of it does, and what reaches it is handled afterwards.
import type { VirtualTime } from './virtual-time.ts'

export class Sleeper {
  readonly #time: VirtualTime
  #untilMillis = 0

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get isAsleep(): boolean {
    return this.#time.nowMillis < this.#untilMillis
  }

  sleep(millis: number): void {
    this.#untilMillis = this.#time.nowMillis + millis
  }

  /** Now, or when it wakes up. */
  awake(run: () => void): void {
    const wait = this.#untilMillis - this.#time.nowMillis
    if (wait > 0) this.#time.after(wait, run)
    else run()
  }
}
