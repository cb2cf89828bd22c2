// Starts that are under way, so that a lab which is stopped in the middle of one leaves nothing behind: whoever stops it closes
// the door first, and clears up when the last start has come to its end.

export class Launches {
  readonly #underWay = new Set<Promise<unknown>>()
  #isOpen = true

  /** Rejects once the door is closed. */
  async run<T>(start: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new Error('The lab is being stopped')
    const work = start()
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  open(): void {
    this.#isOpen = true
  }

  /** Resolves when nothing is under way any more, however that ended. */
  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.allSettled(this.#underWay)
  }
}
