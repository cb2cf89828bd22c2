// Keeps the logins of an engine to the pace that the server can bear. Whoever finds no connection at rest stands in line here,
// and gets the first one that comes, from a login or from another's hands. What is at rest is lent as the engine lends it.
import { AsyncResource } from 'node:async_hooks'
import type { PoolClient, PoolConfig } from 'pg'
import { DEFAULT_MAX } from '../../config/node-options.ts'
import type {
  EngineCallback,
  PoolEngine,
  PoolEngineFactory,
  PoolEventName,
  Release,
} from '../../config/pool-engine.ts'
import { classifyError } from '../../failover/classify-error.ts'
import { afterLogin, afterRefusal, FIRST_PACE, type Turn, turnOf } from '../../failover/login-pace.ts'
import { NotTriedError } from '../not-tried.ts'

export interface PaceOptions {
  readonly clock: () => number
  readonly random: () => number
  /** Whether a refusal makes the next login wait. Not where another node may serve instead, or nobody may wait. */
  readonly pausesAfterRefusal: boolean
}

export function paced(makeEngine: PoolEngineFactory, pace: PaceOptions): PoolEngineFactory {
  return (options) => new PacedEngine(makeEngine(options), options, pace)
}

interface Caller {
  readonly callback: EngineCallback
  /** Another's turn moves it on. */
  readonly context: AsyncResource
  timer?: NodeJS.Timeout
}

class PacedEngine implements PoolEngine {
  readonly #engine: PoolEngine
  readonly #max: number
  readonly #timeoutMillis: number
  readonly #given: PaceOptions
  readonly #line = new Set<Caller>()
  #pace = FIRST_PACE
  #loggingIn = 0
  #refusal: Error | undefined
  #pauseTimer: NodeJS.Timeout | undefined
  #isMovingOn = false
  #isEnding = false

  constructor(engine: PoolEngine, options: PoolConfig, given: PaceOptions) {
    this.#engine = engine
    this.#max = options.max || DEFAULT_MAX
    this.#timeoutMillis = options.connectionTimeoutMillis ?? 0
    this.#given = given
    const moveOn = (): void => this.#moveOnSoon()
    engine.on('release', moveOn)
    engine.on('remove', moveOn)
  }

  get totalCount(): number {
    return this.#engine.totalCount
  }

  get idleCount(): number {
    return this.#engine.idleCount
  }

  get waitingCount(): number {
    return this.#engine.waitingCount + Math.max(0, this.#line.size - this.#loggingIn)
  }

  get expiredCount(): number {
    return this.#engine.expiredCount
  }

  on(event: PoolEventName, listener: Parameters<PoolEngine['on']>[1]): unknown {
    return this.#engine.on(event, listener)
  }

  connect(callback: EngineCallback): void {
    if (this.#isEnding || (this.#line.size === 0 && this.#turn(1) === 'take')) {
      this.#engine.connect(callback)
      return
    }
    this.#join(callback)
    this.#moveOn()
  }

  end(): Promise<void> {
    this.#isEnding = true
    clearTimeout(this.#pauseTimer)
    for (const { timer } of this.#line) clearTimeout(timer)
    return this.#engine.end()
  }

  #turn(callers: number): Turn {
    const { totalCount, idleCount, waitingCount } = this.#engine
    const connections = {
      max: this.#max,
      made: totalCount - this.#loggingIn,
      free: idleCount - waitingCount,
      loggingIn: this.#loggingIn,
      callers,
    }
    return turnOf(this.#pace, connections, this.#given.clock())
  }

  #join(callback: EngineCallback): void {
    const caller: Caller = { callback, context: new AsyncResource('PgHaConnection') }
    this.#line.add(caller)
    if (this.#timeoutMillis > 0) this.#limitWait(caller)
  }

  #limitWait(caller: Caller): void {
    caller.timer = setTimeout(() => {
      // A login has the same limit, and says better what is wrong.
      if (this.#loggingIn > 0) this.#limitWait(caller)
      else this.#settle(caller, new Error(TIMED_OUT))
    }, this.#timeoutMillis)
    caller.timer.unref()
  }

  /** After this turn: what comes back is at rest only then, and no callback runs within another's. */
  #moveOnSoon(): void {
    if (this.#line.size === 0 || this.#isMovingOn) return
    this.#isMovingOn = true
    process.nextTick(() => {
      this.#isMovingOn = false
      this.#moveOn()
    })
  }

  #moveOn(): void {
    for (let [first] = this.#line; first !== undefined && !this.#isEnding; [first] = this.#line) {
      const turn = this.#turn(this.#line.size)
      if (turn === 'hold') break
      if (turn === 'logIn') first.context.runInAsyncScope(() => this.#logIn())
      else if (turn === 'take') this.#take(first)
      else this.#refuse(first)
    }
    this.#awaitPause()
  }

  #take(caller: Caller): void {
    this.#line.delete(caller)
    clearTimeout(caller.timer)
    caller.context.runInAsyncScope(() => this.#engine.connect(caller.callback))
  }

  #refuse(caller: Caller): void {
    const refusal = this.#refusal
    const message = `No login is tried for a moment after: ${refusal?.message}`
    process.nextTick(() => this.#settle(caller, new NotTriedError(message, refusal)))
    this.#line.delete(caller)
  }

  #logIn(): void {
    this.#loggingIn += 1
    this.#engine.connect((error, client, release) => {
      this.#loggingIn -= 1
      this.#hear(error)
      const [first] = this.#line
      if (first !== undefined) this.#settle(first, error, client, release)
      // Whoever it was for has another by now.
      else if (!error) release()
      this.#moveOnSoon()
    })
  }

  #hear(error: Error | undefined): void {
    const { clock, random, pausesAfterRefusal } = this.#given
    if (!error) this.#pace = afterLogin(this.#pace)
    else if (pausesAfterRefusal && REFUSALS.has(classifyError(error).kind)) {
      this.#refusal = error
      this.#pace = afterRefusal(this.#pace, { nowMillis: clock(), random: random() })
    }
  }

  #settle(caller: Caller, ...answer: [error?: Error, client?: PoolClient, release?: Release]): void {
    const [error, client, release = NOTHING] = answer
    this.#line.delete(caller)
    clearTimeout(caller.timer)
    caller.context.runInAsyncScope(() => caller.callback(error, client, release))
  }

  #awaitPause(): void {
    const pause = this.#pace.notBeforeMillis - this.#given.clock()
    if (this.#pauseTimer !== undefined || this.#line.size === 0 || pause <= 0 || this.#isEnding) return
    this.#pauseTimer = setTimeout(() => {
      this.#pauseTimer = undefined
      this.#moveOn()
    }, Math.ceil(pause))
  }
}

/** The server has no room, or is not there. */
const REFUSALS: ReadonlySet<string> = new Set(['connection', 'overloaded'])
/** pg-pool's own words. */
const TIMED_OUT = 'timeout exceeded when trying to connect'
const NOTHING: Release = () => {}
