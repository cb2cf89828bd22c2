// A new primary that takes logins: so many a second, in the order of arrival. One that is refused for want of room, or whose
// caller has given up by then, costs half of one. Memory and processes for those who wait are not counted.
import type { Timeline } from './timeline.ts'

export interface ServerOptions {
  readonly loginsPerSecond: number
  readonly maxConnections: number
}

/** One login; `isGone`: its caller has given up. */
export interface Login {
  isGone: boolean
  readonly made: () => void
  readonly refused: () => void
}

const COST_IN_VAIN = 0.5

export class LoginServer {
  /** Logins that arrived, by whole seconds since the promotion. */
  readonly arrivals: number[] = []
  refusals = 0
  sessions = 0
  mostSessions = 0
  readonly #timeline: Timeline
  readonly #options: ServerOptions
  readonly #queue: Login[] = []
  #served = 0
  #isBusy = false

  constructor(timeline: Timeline, options: ServerOptions) {
    this.#timeline = timeline
    this.#options = options
  }

  take(login: Login): void {
    const second = Math.floor(this.#timeline.nowMillis / 1000)
    this.arrivals[second] = (this.arrivals[second] ?? 0) + 1
    this.#queue.push(login)
    if (!this.#isBusy) this.#serveNext()
  }

  close(): void {
    this.sessions -= 1
  }

  #serveNext(): void {
    const login = this.#queue[this.#served]
    this.#isBusy = login !== undefined
    if (login === undefined) return
    this.#served += 1
    const isInVain = login.isGone || this.sessions >= this.#options.maxConnections
    const cost = (isInVain ? COST_IN_VAIN : 1) * (1000 / this.#options.loginsPerSecond)
    this.#timeline.at(this.#timeline.nowMillis + cost, () => {
      this.#serve(login)
      this.#serveNext()
    })
  }

  #serve(login: Login): void {
    if (login.isGone) return
    if (this.sessions >= this.#options.maxConnections) {
      this.refusals += 1
      login.refused()
      return
    }
    this.sessions += 1
    this.mostSessions = Math.max(this.mostSessions, this.sessions)
    login.made()
  }
}
