// Looks up where the names of the host list lead: at the start, in a rhythm, and soon when asked, each on its own. Never
// keeps the process alive by a timer. What is found goes to a callback; nothing is concluded here.
import createDebug from 'debug'
import type { LookupFunction } from '../config/settings.ts'
import { lookUp } from '../dialing/name-lookup.ts'
import { errorCode } from '../failover/classify-error.ts'
import type { NodeFailure } from '../topology/probe-result.ts'
import type { Clock } from './clock.ts'
import { DeadlineError, withDeadline } from './deadline.ts'

const debug = createDebug('pg-ha:monitor')

export interface ResolverOptions {
  /** Each once. */
  readonly names: readonly string[]
  /** dns.lookup where there is none. */
  readonly lookup?: LookupFunction | undefined
  /** After this a lookup counts as failed; what it finds later still counts. */
  readonly timeoutMillis: number
  readonly clock: Clock
  /** How long to wait before the next lookup of this name. */
  readonly pauseMillis: (name: string) => number
  readonly onAddresses: (name: string, addresses: readonly string[]) => void
  readonly onFailure: (name: string, failure: NodeFailure) => void
}

/** Requests to look up soon that come thicker than this are one request. */
const LEAST_GAP_MILLIS = 1000
/** A lookup out for so long is lost: only then is the same name asked for beside it. */
const LOST_MILLIS = 15_000

type Outcome = { readonly addresses: readonly string[] } | { readonly error: unknown }

interface Loop {
  readonly name: string
  timer: NodeJS.Timeout | undefined
  dueMillis: number
  startedMillis: number
  /** The lookup that is out; what an older one finds does not count. */
  out: { readonly cancel: () => void } | null
}

export class Resolver {
  readonly #options: ResolverOptions
  readonly #loops: ReadonlyMap<string, Loop>
  #state: 'new' | 'running' | 'closed' = 'new'

  constructor(options: ResolverOptions) {
    this.#options = options
    const loopOf = (name: string): Loop => ({
      name,
      timer: undefined,
      dueMillis: Number.POSITIVE_INFINITY,
      startedMillis: Number.NEGATIVE_INFINITY,
      out: null,
    })
    this.#loops = new Map(options.names.map((name) => [name, loopOf(name)]))
  }

  /** Idempotent. */
  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    for (const loop of this.#loops.values()) this.#begin(loop)
  }

  /** Looks this name up again soon: at once, unless that was begun within the last second. */
  resolveSoon(name: string): void {
    const loop = this.#loops.get(name)
    if (this.#state !== 'running' || loop === undefined || loop.out !== null) return
    const dueMillis = loop.startedMillis + LEAST_GAP_MILLIS
    if (dueMillis < loop.dueMillis) this.#schedule(loop, dueMillis - this.#options.clock())
  }

  close(): void {
    this.#state = 'closed'
    for (const loop of this.#loops.values()) {
      clearTimeout(loop.timer)
      loop.out?.cancel()
    }
  }

  #begin(loop: Loop): void {
    const { lookup, clock, timeoutMillis } = this.#options
    const askedAtMillis = clock()
    let cancel = (): void => {}
    const work = new Promise<Outcome | null>((resolve) => {
      cancel = () => resolve(null)
      lookUp(loop.name, lookup).then(
        (addresses) => resolve({ addresses }),
        (error: unknown) => resolve({ error }),
      )
    })
    loop.out?.cancel()
    const out = { cancel }
    Object.assign(loop, { out, startedMillis: askedAtMillis, dueMillis: Number.POSITIVE_INFINITY })
    const settle = (outcome: Outcome | null): void => {
      if (loop.out === out && outcome !== null) this.#settle(loop, outcome, askedAtMillis)
    }
    withDeadline(work, { timeoutMillis, clock, expire: () => {} }).then(settle, (late: unknown) => {
      if (loop.out !== out || !this.#isRunning()) return
      this.#schedule(loop, LOST_MILLIS)
      void work.then(settle)
      this.#fail(loop, late, askedAtMillis)
    })
  }

  #settle(loop: Loop, outcome: Outcome, askedAtMillis: number): void {
    loop.out = null
    if (!this.#isRunning()) return
    debug('%s %o', loop.name, outcome)
    try {
      if ('error' in outcome) this.#fail(loop, outcome.error, askedAtMillis)
      else this.#options.onAddresses(loop.name, outcome.addresses)
    } finally {
      // Whatever became of it, the next lookup comes; unless it was the end of the pool.
      if (this.#isRunning()) this.#schedule(loop, this.#options.pauseMillis(loop.name))
    }
  }

  /** A name that leads nowhere says of its node what a dead address does. */
  #fail(loop: Loop, error: unknown, askedAtMillis: number): void {
    this.#options.onFailure(loop.name, {
      kind: 'failure',
      askedAtMillis,
      sign: error instanceof DeadlineError ? 'silent' : 'unreachable',
      seenBy: 'monitor',
      code: errorCode(error),
      message: error instanceof Error ? error.message : String(error),
      phase: 'lookup',
      address: null,
      elapsedMillis: this.#options.clock() - askedAtMillis,
    })
  }

  /** Read anew after every callback, which may have ended the pool. */
  #isRunning(): boolean {
    return this.#state === 'running'
  }

  #schedule(loop: Loop, millis: number): void {
    clearTimeout(loop.timer)
    loop.dueMillis = this.#options.clock() + millis
    if (millis <= 0) {
      this.#begin(loop)
      return
    }
    loop.timer = setTimeout(() => this.#begin(loop), millis)
    loop.timer.unref()
  }
}
