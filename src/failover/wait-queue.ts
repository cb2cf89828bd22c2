// Requests that wait for a fit node, in order, each with its deadline. Knows nothing of nodes: a waiter says itself
// whether it can go on.

export interface Waiter {
  /** Whether it may come to go on without anybody waking it: it is then asked again and again. */
  readonly changesByTime?: boolean
  /** Goes on if it can now, and says whether it did. */
  resume(): boolean
  /** The deadline has passed, or the queue is full: the waiter is given up. */
  giveUp(why: 'deadline' | 'queueFull'): void
  /** The pool has ended. */
  abort(): void
}

const ASK_AGAIN_MILLIS = 100

export class WaitQueue {
  readonly #waiters = new Map<Waiter, NodeJS.Timeout>()
  /** Whose turn is under way: what it brings about must not settle it a second time. */
  readonly #inTurn = new Set<Waiter>()
  readonly #most: number
  #askAgain: NodeJS.Timeout | undefined

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
    const timer = setTimeout(() => this.#expire(waiter), timeoutMillis)
    this.#waiters.set(waiter, timer)
    if (waiter.changesByTime === true)
      this.#askAgain ??= setInterval(() => this.#turnsByTime(), ASK_AGAIN_MILLIS)
  }

  /** Forgets a waiter, which hears nothing more. */
  remove(waiter: Waiter): void {
    clearTimeout(this.#waiters.get(waiter))
    this.#waiters.delete(waiter)
    this.#rest()
  }

  /** Lets every waiter that can go on do so, oldest first. */
  wake(): void {
    for (const waiter of [...this.#waiters.keys()]) this.#turn(waiter)
    this.#rest()
  }

  abortAll(): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    this.#rest()
    for (const [waiter, timer] of waiters) {
      clearTimeout(timer)
      // One that ends the pool in its own turn is being settled already.
      if (!this.#inTurn.has(waiter)) waiter.abort()
    }
  }

  /** Whether it waits no longer. */
  #turn(waiter: Waiter): boolean {
    const timer = this.#waiters.get(waiter)
    // An earlier waiter's turn may have settled this one, by ending the pool or by waking the queue again.
    if (timer === undefined || this.#inTurn.has(waiter)) return true
    this.#inTurn.add(waiter)
    const wentOn = waiter.resume()
    this.#inTurn.delete(waiter)
    const isAborted = !wentOn && !this.#waiters.has(waiter)
    if (wentOn) this.remove(waiter)
    if (isAborted) waiter.abort()
    return wentOn || isAborted
  }

  #turnsByTime(): void {
    for (const waiter of [...this.#waiters.keys()]) if (waiter.changesByTime === true) this.#turn(waiter)
    this.#rest()
  }

  /** A process that was too busy to wake it in time gives it its turn first. */
  #expire(waiter: Waiter): void {
    if (this.#turn(waiter)) return
    this.remove(waiter)
    waiter.giveUp('deadline')
  }

  #rest(): void {
    if (this.#askAgain === undefined) return
    for (const waiter of this.#waiters.keys()) if (waiter.changesByTime === true) return
    clearInterval(this.#askAgain)
    this.#askAgain = undefined
  }
}
