// Callers that wait for a connection, in order of arrival. A linked list, because every statement joins and leaves: a Set
// would build its table anew every few statements. Knows nothing of connections.

export interface Waiter<T> {
  callback: T
  /** Found neither an idle connection nor room for another. */
  isQueued: boolean
  /** Gone, but still on the list of an engine that lets nobody leave. */
  isAbandoned: boolean
  previous: Waiter<T> | null
  next: Waiter<T> | null
  isWaiting: boolean
}

export class WaitingLine<T> {
  #first: Waiter<T> | null = null
  #last: Waiter<T> | null = null

  join(callback: T): Waiter<T> {
    const waiter: Waiter<T> = {
      callback,
      isQueued: false,
      isAbandoned: false,
      previous: this.#last,
      next: null,
      isWaiting: true,
    }
    if (this.#last === null) this.#first = waiter
    else this.#last.next = waiter
    this.#last = waiter
    return waiter
  }

  /** Says whether the waiter was still waiting. */
  leave(waiter: Waiter<T>): boolean {
    if (!waiter.isWaiting) return false
    waiter.isWaiting = false
    const { previous, next } = waiter
    if (previous === null) this.#first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    // Else one that the collector reaches late would keep all who came after it.
    waiter.previous = null
    waiter.next = null
    return true
  }

  /** Gives the place of one that is gone to the next who queues; false: there is none. */
  passOn(gone: Waiter<T>): boolean {
    let next = this.#first
    while (next !== null && (next.isAbandoned || !next.isQueued)) next = next.next
    if (next === null) return false
    gone.callback = next.callback
    gone.isAbandoned = false
    next.isAbandoned = true
    return true
  }

  /** A copy: settling one may settle others. */
  all(): readonly Waiter<T>[] {
    const waiters: Waiter<T>[] = []
    for (let waiter = this.#first; waiter !== null; waiter = waiter.next) waiters.push(waiter)
    return waiters
  }
}
