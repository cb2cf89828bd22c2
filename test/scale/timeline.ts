// Events in order of time, equal times in order of arrival. Knows nothing of what happens.

interface Event {
  readonly atMillis: number
  readonly order: number
  readonly happen: () => void
}

export class Timeline {
  nowMillis = 0
  readonly #heap: Event[] = []
  #order = 0

  at(atMillis: number, happen: () => void): void {
    const event = { atMillis, order: this.#order++, happen }
    let i = this.#heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#isBefore(i, parent)) break
      this.#swap(i, parent)
      i = parent
    }
  }

  run(untilMillis: number): void {
    for (let next = this.#take(untilMillis); next !== undefined; next = this.#take(untilMillis)) {
      this.nowMillis = next.atMillis
      next.happen()
    }
  }

  #take(untilMillis: number): Event | undefined {
    const [first] = this.#heap
    const last = this.#heap.at(-1)
    if (first === undefined || last === undefined || first.atMillis > untilMillis) return undefined
    this.#heap[0] = last
    this.#heap.pop()
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2]
      const least = right < this.#heap.length && this.#isBefore(right, left) ? right : left
      if (least >= this.#heap.length || !this.#isBefore(least, i)) break
      this.#swap(i, least)
      i = least
    }
    return first
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a] as Event, this.#heap[b] as Event]
    return x.atMillis < y.atMillis || (x.atMillis === y.atMillis && x.order < y.order)
  }

  #swap(a: number, b: number): void {
    const x = this.#heap[a] as Event
    this.#heap[a] = this.#heap[b] as Event
    this.#heap[b] = x
  }
}
