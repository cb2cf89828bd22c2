// Keeps the primary from the whole load of reads when no standby is fit: counts where reads that prefer a standby go, over
// some seconds, and says when the primary has had its part. Time is a parameter.

/** How long what was counted counts. */
const WINDOW_MILLIS = 10_000
/** So few need no protection, whatever part of the whole they are. */
const ALWAYS = 10

export class PrimaryShare {
  readonly #most: number
  #startMillis = Number.NEGATIVE_INFINITY
  #all = 0
  #onPrimary = 0
  #allBefore = 0
  #onPrimaryBefore = 0

  /** `most`: from 0 to 1; 0 lets none. */
  constructor(most: number) {
    this.#most = most
  }

  countStandby(nowMillis: number): void {
    this.#turn(nowMillis)
    this.#all += 1
  }

  /** Whether one more read may go to the primary; it is counted as asked for in any case. */
  takePrimary(nowMillis: number): boolean {
    this.#turn(nowMillis)
    this.#all += 1
    // What is left of the window before counts in proportion.
    const left = Math.max(0, 1 - (nowMillis - this.#startMillis) / WINDOW_MILLIS)
    const all = this.#all + this.#allBefore * left
    const taken = this.#onPrimary + this.#onPrimaryBefore * left
    const least = this.#most > 0 ? ALWAYS : 0
    if (taken + 1 > Math.max(least, this.#most * all)) return false
    this.#onPrimary += 1
    return true
  }

  #turn(nowMillis: number): void {
    const age = nowMillis - this.#startMillis
    if (age < WINDOW_MILLIS) return
    const isNext = age < 2 * WINDOW_MILLIS
    this.#allBefore = isNext ? this.#all : 0
    this.#onPrimaryBefore = isNext ? this.#onPrimary : 0
    this.#all = 0
    this.#onPrimary = 0
    this.#startMillis = isNext ? this.#startMillis + WINDOW_MILLIS : nowMillis
  }
}
