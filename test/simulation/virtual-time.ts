// Time that passes only when it is told to: every timer of the process on one heap, in order of its moment and of its
// making. Whatever promises and ticks a timer brings about is settled before the next one runs.

interface Timer {
  readonly atMillis: number
  readonly order: number
  readonly run: () => void
  isCleared: boolean
}

/** Far from 0, so that nothing before the beginning is a time that might be meant. */
const BEGIN_MILLIS = 1_000_000

const { nextTick } = process

export class VirtualTime {
  #nowMillis = BEGIN_MILLIS
  #order = 0
  #made = 0
  #heap: Timer[] = []
  #wallStepMillis = 0

  get nowMillis(): number {
    return this.#nowMillis
  }

  /** How many timers were made so far. */
  get made(): number {
    return this.#made
  }

  /** The system's time is set anew: it is not what passes. */
  stepWallClock(millis: number): void {
    this.#wallStepMillis += millis
  }

  /** Takes the place of the process's own timers and of its system's time, for good. */
  install(): void {
    const handle = (timer: Timer) => ({ timer, unref: () => handle(timer), ref: () => handle(timer) })
    const clear = (given: { timer?: Timer } | undefined): void => {
      if (given?.timer !== undefined) given.timer.isCleared = true
    }
    Date.now = () => this.#nowMillis + this.#wallStepMillis
    Object.assign(globalThis, {
      setTimeout: (run: () => void, millis = 0) => handle(this.after(Math.max(1, millis), run)),
      setImmediate: (run: () => void) => handle(this.after(0, run)),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    })
  }

  after(millis: number, run: () => void): Timer {
    this.#made += 1
    const timer: Timer = {
      atMillis: this.#nowMillis + millis,
      order: this.#order++,
      run,
      isCleared: false,
    }
    this.#push(timer)
    return timer
  }

  cancel(timer: Timer): void {
    timer.isCleared = true
  }

  /** Forgets everything: the next schedule begins at the same moment as any other. */
  clear(): void {
    this.#heap = []
    this.#nowMillis = BEGIN_MILLIS
    this.#order = 0
    this.#made = 0
    this.#wallStepMillis = 0
  }

  /** Until that moment, or until it is done: asked at every step of so many milliseconds. */
  async runUntilDone(millis: number, { stepMillis, isDone }: { stepMillis: number; isDone: () => boolean }) {
    while (this.#nowMillis < millis && !isDone()) {
      await this.runUntil(Math.min(millis, this.#nowMillis + stepMillis))
    }
  }

  async runUntil(millis: number): Promise<void> {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.atMillis > millis) break
      this.#pop()
      if (next.isCleared) continue
      this.#nowMillis = next.atMillis
      next.run()
      await settled()
    }
    this.#nowMillis = Math.max(this.#nowMillis, millis)
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let i = heap.push(timer) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (isBefore(heap[parent] as Timer, timer)) break
      heap[i] = heap[parent] as Timer
      i = parent
    }
    heap[i] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Timer
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child] as Timer)) child += 1
      if (isBefore(last, heap[child] as Timer)) break
      heap[i] = heap[child] as Timer
      i = child
    }
    heap[i] = last
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMillis < b.atMillis || (a.atMillis === b.atMillis && a.order < b.order)
}

/** Ticks come after every promise that is due, and cost no turn of the process's own loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve))
}
