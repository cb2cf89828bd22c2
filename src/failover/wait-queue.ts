// Requests that wait for a fit node, in order, each with its deadline. Knows nothing of nodes: a waiter says itself
// whether it can go on.

export interface Waiter {
  /** Goes on if it can now, and says whether it did. */
  resume(): boolean
  /** The deadline has passed, or the queue is full: the waiter is given up. */
  giveUp(why: 'deadline' | 'queueFull'): void
  /** The pool has ended. */
  abort(): void
}

export class WaitQueue {
  readonly #waiters = new Map<Waiter, NodeJS.Timeout>()
  /** Whose turn is under way: what it brings about must not settle it a second time. */
  readonly #inTurn = new Set<Waiter>()
  readonly #most: number

  /** More than `most` are refused at once: a queue without a bound hides an outage until memory ends. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#waiters.size
  }

  /** `timeoutMillis` 0 gives up at once. */
  add(waiter: Waiter, timeoutMillis: number): void {
    if (timeoutMillis <= 0) {
      waiter.giveUp('deadline')
      return
    }
    if (this.#waiters.size >= this.#most) {
      waiter.giveUp('queueFull')
      return
    }
    // Not unref'd: a program that waits for its query must not exit in the meantime.
    const timer = setTimeout(() => {
      this.#waiters.delete(waiter)
      waiter.giveUp('deadline')
    }, timeoutMillis)
    this.#waiters.set(waiter, timer)
  }

  /** Forgets a waiter, which hears nothing more. */
  remove(waiter: Waiter): void {
    clearTimeout(this.#waiters.get(waiter))
    this.#waiters.delete(waiter)
  }

  /** Lets every waiter that can go on do so, oldest first. */
  wake(): void {
    for (const [waiter, timer] of [...this.#waiters]) {
      // An earlier waiter's turn may have settled this one, by ending the pool or by waking the queue again.
      if (!this.#waiters.has(waiter) || this.#inTurn.has(waiter)) continue
      this.#inTurn.add(waiter)
      const wentOn = waiter.resume()
      this.#inTurn.delete(waiter)
      if (wentOn) {
        this.#waiters.delete(waiter)
        clearTimeout(timer)
      } else if (!this.#waiters.has(waiter)) {
        waiter.abort()
      }
    }
  }

  abortAll(): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const [waiter, timer] of waiters) {
      clearTimeout(timer)
      // One that ends the pool in its own turn is being settled already.
      if (!this.#inTurn.has(waiter)) waiter.abort()
    }
  }
}
