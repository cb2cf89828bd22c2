// Callers that wait for a connection, in order of arrival. A linked list, because every statement joins and leaves: a Set
// would build its table anew every few statements. Knows nothing of connections.

export interface Waiter {
  readonly fail: (error: Error) => void
  /** Found neither an idle connection nor room for another. */
  isQueued: boolean
  previous: Waiter | null
  next: Waiter | null
  isWaiting: boolean
}

export class WaitingLine {
  #first: Waiter | null = null
  #last: Waiter | null = null

  join(fail: (error: Error) => void): Waiter {
    const waiter: Waiter = { fail, isQueued: false, previous: this.#last, next: null, isWaiting: true }
    if (this.#last === null) this.#first = waiter
    else this.#last.next = waiter
    this.#last = waiter
    return waiter
  }

  /** Says whether the waiter was still waiting. */
  leave(waiter: Waiter): boolean {
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

  /** A copy: settling one may settle others. */
  all(): readonly Waiter[] {
    const waiters: Waiter[] = []
    for (let waiter = this.#first; waiter !== null; waiter = waiter.next) waiters.push(waiter)
    return waiters
  }
}
