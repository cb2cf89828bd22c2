// The loop: looks at every node in parallel, each in its own rhythm, and at once when asked. Nodes come and go. Never
// keeps the process alive. What is seen goes to a callback; nothing is concluded here.
import createDebug from 'debug'
import type { ProbeResult } from '../topology/probe-result.ts'
import type { Clock } from './clock.ts'
import { inOwnContext } from './own-context.ts'

const debug = createDebug('pg-ha:monitor')

export interface Looker<Result = ProbeResult> {
  probe(): Promise<Result>
  /** What it waits for is hardly coming any more. */
  hurry?(): void
  close(): void
}

export interface MonitorOptions<Result = ProbeResult> {
  readonly clock: Clock
  /** How long to wait before the next look at this node. */
  readonly pauseMillis: (node: string) => number
  readonly onResult: (node: string, result: Result) => void
}

/** Requests to look at once that come thicker than this are one request. */
const LEAST_GAP_MILLIS = 10

interface Loop<Result> {
  readonly node: string
  readonly looker: Looker<Result>
  timer: NodeJS.Timeout | undefined
  looking: boolean
  again: boolean
  startedMillis: number
}

export class Monitor<Result = ProbeResult> {
  readonly #options: MonitorOptions<Result>
  readonly #loops = new Map<string, Loop<Result>>()
  #running = false
  #closed = false

  constructor(options: MonitorOptions<Result>) {
    this.#options = options
  }

  /** Looks at this node from now on, by this looker instead of any it had. */
  watch(node: string, looker: Looker<Result>): void {
    this.forget(node)
    if (this.#closed) {
      looker.close()
      return
    }
    const startedMillis = Number.NEGATIVE_INFINITY
    const loop: Loop<Result> = { node, looker, timer: undefined, looking: false, again: false, startedMillis }
    this.#loops.set(node, loop)
    if (this.#running) this.#beginLook(loop)
  }

  /** What a look that is under way sees is not told any more. */
  forget(node: string): void {
    const loop = this.#loops.get(node)
    if (loop === undefined) return
    this.#loops.delete(node)
    clearTimeout(loop.timer)
    loop.looker.close()
  }

  /** Idempotent. */
  start(): void {
    if (this.#running || this.#closed) return
    this.#running = true
    for (const loop of this.#loops.values()) this.#beginLook(loop)
  }

  /** Looks at these nodes now; where a look is under way, once more right after it. */
  lookNow(nodes: readonly string[]): void {
    if (!this.#running) return
    for (const node of nodes) {
      const loop = this.#loops.get(node)
      if (loop === undefined) continue
      if (loop.looking) loop.again = true
      else this.#schedule(loop, loop.startedMillis + LEAST_GAP_MILLIS - this.#options.clock())
    }
  }

  /** Connections to this node have ended: a look that waits for an answer over another old one is cut short. */
  hurry(node: string): void {
    this.#loops.get(node)?.looker.hurry?.()
  }

  close(): void {
    this.#running = false
    this.#closed = true
    for (const loop of this.#loops.values()) {
      clearTimeout(loop.timer)
      loop.looker.close()
    }
  }

  #beginLook(loop: Loop<Result>): void {
    void inOwnContext(() => this.#look(loop))
  }

  async #look(loop: Loop<Result>): Promise<void> {
    loop.looking = true
    loop.again = false
    loop.startedMillis = this.#options.clock()
    const result = await loop.looker.probe()
    loop.looking = false
    if (!this.#isWanted(loop)) return
    debug('%s %o', loop.node, result)
    try {
      this.#options.onResult(loop.node, result)
    } finally {
      // Whatever became of the result, the next look comes; unless it was the end of the node, or of the pool.
      if (this.#isWanted(loop)) this.#goOn(loop)
    }
  }

  #isWanted(loop: Loop<Result>): boolean {
    return this.#running && this.#loops.get(loop.node) === loop
  }

  #goOn(loop: Loop<Result>): void {
    if (loop.again) this.lookNow([loop.node])
    else if (loop.timer === undefined && !loop.looking) {
      this.#schedule(loop, this.#options.pauseMillis(loop.node))
    }
  }

  #schedule(loop: Loop<Result>, millis: number): void {
    clearTimeout(loop.timer)
    loop.timer = undefined
    if (millis <= 0) {
      this.#beginLook(loop)
      return
    }
    loop.timer = setTimeout(() => {
      loop.timer = undefined
      this.#beginLook(loop)
    }, millis)
    loop.timer.unref()
  }
}
