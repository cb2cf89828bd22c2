// Serves one request: chooses a node, takes a connection, and goes on by the retry policy when that fails. All that is
// decided is decided elsewhere; here it is done.
import { AsyncResource } from 'node:async_hooks'
import createDebug from 'debug'
import { connectPhase } from '../dialing/connect-phase.ts'
import { pauseMillis } from '../failover/backoff.ts'
import { classifyError, errorCode } from '../failover/classify-error.ts'
import { giveUpError } from '../failover/give-up.ts'
import { afterFailedConnect } from '../failover/retry-policy.ts'
import { type Waiter, WaitQueue } from '../failover/wait-queue.ts'
import { wantsPrimary } from '../routing/request.ts'
import { assertNever } from '../topology/assert-never.ts'
import type { FailureSign } from '../topology/probe-result.ts'
import { type Attempt, inContextOf } from './attempt.ts'
import type { Accepts, Guide } from './guide.ts'
import type { AcquireCallback, NodePool } from './node-pool.ts'
import { NotTriedError } from './not-tried.ts'
import type { PoolSet } from './pool-set.ts'
import { checkRole } from './role-check.ts'

const debug = createDebug('pg-ha:route')

export interface DispatcherOptions {
  readonly guide: Guide
  readonly pools: PoolSet
  readonly failoverTimeoutMillis: number
  /** How many requests may wait for a node. */
  readonly maxWaiting: number
  /** A request was refused that only the primary could have served. */
  readonly onWriteRefused?: (() => void) | undefined
  readonly clock: () => number
  readonly random: () => number
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #queue: WaitQueue
  readonly #pauses = new Map<Attempt, NodeJS.Timeout>()
  #attach: ((attempt: Attempt) => void) | null = null
  #ending = false

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#queue = new WaitQueue(options.maxWaiting)
  }

  get waitingCount(): number {
    return this.#queue.size + this.#pauses.size
  }

  /** Binds each request of the application to whoever makes it, before it is on its way. */
  attachBy(attach: (attempt: Attempt) => void): void {
    this.#attach = attach
  }

  /** Takes a connection for the request, now or as soon as one may be had. */
  acquire(attempt: Attempt): void {
    this.#options.guide.start()
    attempt.context = new AsyncResource('PgHaRequest')
    if (this.#attach !== null && attempt.isInternal !== true) this.#attach(attempt)
    this.#route(attempt)
  }

  /** Sends a request on its way again that has had a connection, and could not use it. */
  reroute(attempt: Attempt): void {
    this.#route(attempt)
  }

  /** Lets those who wait for a node go on where they can. */
  wake(): void {
    this.#queue.wake()
  }

  look(node: string): void {
    this.#options.guide.look(node)
  }

  /** Reports what an error says of a node, unless the connection is of a time gone by. */
  report(pool: NodePool, generation: number, error: unknown): void {
    const { sign } = classifyError(error)
    if (sign !== null) this.reportSign(pool, generation, { sign, error })
  }

  reportSign(
    pool: NodePool,
    generation: number,
    { sign, error }: { sign: FailureSign; error: unknown },
  ): void {
    const { guide, clock } = this.#options
    if (!guide.monitored || pool.generation !== generation) return
    const message = error instanceof Error ? error.message : String(error)
    debug('%s: %s (%s)', pool.node, sign, message)
    guide.report(pool.node, {
      kind: 'failure',
      askedAtMillis: clock(),
      sign,
      seenBy: 'pool',
      code: errorCode(error),
      message,
      ...connectPhase(error),
    })
  }

  /** Chooses a node anew after a failure that left nothing behind; `lastError` is the cause of giving up in the end. */
  retry(attempt: Attempt, lastError: Error): void {
    if (attempt.isWithdrawn) return
    if (this.#ending) {
      fail(attempt, endedError())
      return
    }
    const { clock, random, failoverTimeoutMillis } = this.#options
    attempt.sinceMillis ??= clock()
    attempt.failures += 1
    if (clock() - attempt.sinceMillis >= failoverTimeoutMillis) {
      this.#tryLast(attempt, lastError)
      return
    }
    const pause = pauseMillis(attempt.failures, random())
    if (pause === 0) {
      this.#route(attempt)
      return
    }
    const timer = setTimeout(() => {
      this.#pauses.delete(attempt)
      this.#route(attempt)
    }, pause)
    this.#pauses.set(attempt, timer)
  }

  /** After the deadline: once more where a node is fit all the same. It was busy being served, not waiting for a node. */
  #tryLast(attempt: Attempt, lastError: Error): void {
    const { guide, failoverTimeoutMillis } = this.#options
    const mayTry = failoverTimeoutMillis > 0 && attempt.isLast !== true
    attempt.isLast = true
    const last = mayTry ? guide.select(attempt.request, attempt.avoid, attempt.accepts) : null
    if (last?.kind === 'use') this.#connect(attempt, last.node)
    else this.#giveUp(attempt, 'deadline', lastError)
  }

  /** The request waits no longer, wherever it does; what was to be its connection goes to the next, or rests. */
  withdraw(attempt: Attempt): void {
    attempt.isWithdrawn = true
    attempt.leaveLine?.()
    clearTimeout(this.#pauses.get(attempt))
    this.#pauses.delete(attempt)
    if (attempt.waiter !== undefined) this.#queue.remove(attempt.waiter)
  }

  /** On another node than this one, also of a lesser preference; where only this one is fit, `lastError` is the outcome. */
  retryElsewhere(attempt: Attempt, node: string, lastError: Error): void {
    attempt.avoid ??= new Set()
    attempt.avoid.add(node)
    const isAnyFit = this.#options.guide.select(attempt.request, undefined, attempt.accepts).kind === 'use'
    // At once: a server that is being killed may still answer looks, and would be taken for fit again.
    if (isAnyFit) this.leave(attempt, { node, error: lastError, toPrimary: false })
    else this.retry(attempt, lastError)
  }

  /** Takes the request off a node at once: to another, or to the primary only; where none is fit, `error` is the outcome. */
  leave(
    attempt: Attempt,
    { node, error, toPrimary }: { node: string; error: Error; toPrimary: boolean },
  ): void {
    attempt.avoid ??= new Set()
    attempt.avoid.add(node)
    const { avoid, accepts } = attempt
    const isOther: Accepts = (each) => {
      if (avoid.has(each.name) || (toPrimary && each.state !== 'primary')) return false
      return accepts === undefined || accepts(each)
    }
    const other = this.#options.guide.select(attempt.request, undefined, isOther)
    if (attempt.isWithdrawn) return
    if (other.kind === 'use' && !this.#ending) this.#connect(attempt, other.node, isOther)
    else fail(attempt, error)
  }

  /** Settles every request that waits, and ends the pools. */
  async end(): Promise<void> {
    this.#ending = true
    this.#queue.abortAll()
    for (const [attempt, timer] of this.#pauses) {
      clearTimeout(timer)
      fail(attempt, endedError())
    }
    this.#pauses.clear()
    await this.#options.pools.end(endedError())
  }

  #route(attempt: Attempt): void {
    // Here, where every way passes: after the end a request would open a pool anew, or wait where nobody wakes it.
    if (attempt.isWithdrawn) return
    if (this.#ending) fail(attempt, endedError())
    else if (!this.#goOn(attempt)) this.#wait(attempt)
  }

  /** Whether there is something else to do than to wait. */
  #goOn(attempt: Attempt): boolean {
    const selection = this.#options.guide.select(attempt.request, attempt.avoid, attempt.accepts)
    switch (selection.kind) {
      case 'use':
        this.#connect(attempt, selection.node)
        return true
      case 'refuse':
        fail(attempt, selection.error)
        return true
      case 'wait':
        return false
      default:
        return assertNever(selection)
    }
  }

  #connect(attempt: Attempt, node: string, accepts: Accepts | undefined = attempt.accepts): void {
    const { request } = attempt
    const pool = this.#options.pools.get(node, request.intent)
    const { generation } = pool
    const whenAcquired: AcquireCallback = (error, client, release) => {
      if (error !== undefined) {
        this.#connectFailed(attempt, { pool, generation, error })
        return
      }
      checkRole(client, request, (failure, isStandby) => {
        if (failure !== undefined) {
          release(failure)
          this.#connectFailed(attempt, { pool, generation, error: failure })
        } else if (isStandby) {
          release(true)
          const mismatch = new Error(`${node} led to a standby`)
          this.reportSign(pool, generation, { sign: 'demoted', error: mismatch })
          this.retry(attempt, mismatch)
        } else if (!this.#options.guide.isFit(request, node, accepts)) {
          // The view has changed, or this process slept, while the connection was waited for.
          release()
          this.#route(attempt)
        } else {
          inContextOf(attempt, () => attempt.callback(undefined, { client, release, pool }))
        }
      })
    }
    inContextOf(attempt, () => {
      const waiter = pool.acquire(whenAcquired)
      if (attempt.mayBeWithdrawn === true) attempt.leaveLine = () => pool.abandon(waiter)
    })
  }

  #connectFailed(
    attempt: Attempt,
    { pool, generation, error }: { pool: NodePool; generation: number; error: Error },
  ): void {
    if (error instanceof NotTriedError) {
      this.retry(attempt, error.reason)
      return
    }
    if (!this.#options.guide.monitored || this.#ending) {
      fail(attempt, error)
      return
    }
    const meaning = classifyError(error)
    this.report(pool, generation, error)
    const step = afterFailedConnect(meaning, attempt.request)
    // Never at once, as a first retry is: a crowd that comes back together finds no more room.
    if (step === 'tryLater') attempt.failures += 1
    if (step === 'tryAgain' || step === 'tryLater') this.retry(attempt, error)
    else if (step === 'tryPlain' && pool.dropStartupOptions(generation)) this.retry(attempt, error)
    else if (step === 'tryElsewhere') this.retryElsewhere(attempt, pool.node, error)
    else fail(attempt, error)
  }

  #wait(attempt: Attempt): void {
    const { clock, failoverTimeoutMillis } = this.#options
    attempt.sinceMillis ??= clock()
    const waiter: Waiter = {
      changesByTime: attempt.accepts !== undefined,
      resume: () => this.#goOn(attempt),
      giveUp: (why: 'deadline' | 'queueFull') => this.#giveUp(attempt, why),
      abort: () => fail(attempt, endedError()),
    }
    attempt.waiter = waiter
    this.#queue.add(waiter, failoverTimeoutMillis - (clock() - attempt.sinceMillis))
  }

  #giveUp(attempt: Attempt, why: 'deadline' | 'queueFull', cause?: Error): void {
    const { guide, clock } = this.#options
    const nowMillis = clock()
    const waitedMillis = nowMillis - (attempt.sinceMillis ?? nowMillis)
    if (wantsPrimary(attempt.request)) this.#options.onWriteRefused?.()
    fail(attempt, giveUpError(guide.state, { request: attempt.request, why, waitedMillis, nowMillis, cause }))
  }
}

/** Never in the turn of whoever found out: a callback that throws must not keep others from being served. */
function fail(attempt: Attempt, error: Error): void {
  inContextOf(attempt, () => process.nextTick(attempt.callback, error, null))
}

/** pg-pool's own words. */
export function endedError(): Error {
  return new Error('Cannot use a pool after calling end on the pool')
}
