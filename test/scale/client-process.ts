// One process of the application with one pool, whose statements all wait when the new primary comes. What the two kinds have
// in common: connections that serve a statement each, rest, and are closed when they have rested long.
import type { LoginServer } from './login-server.ts'
import type { Timeline } from './timeline.ts'

export interface World {
  readonly timeline: Timeline
  readonly server: LoginServer
  readonly random: () => number
  /** A statement that waited has been answered. */
  readonly answered: () => void
  /** A login was given up by its caller. */
  readonly timedOut: () => void
}

export interface ProcessOptions {
  readonly max: number
  readonly statementMillis: number
  /** As pg-pool's. */
  readonly idleTimeoutMillis: number
  /** Infinity: none, as by default. */
  readonly connectionTimeoutMillis: number
}

/** Connections of one pool, counted. Those that rest are alike but for how long they have rested; the last one is lent first. */
export class Connections {
  made = 0
  readonly #world: World
  readonly #options: ProcessOptions
  readonly #whenFree: () => void
  readonly #resting: object[] = []

  constructor(world: World, options: ProcessOptions, whenFree: () => void) {
    this.#world = world
    this.#options = options
    this.#whenFree = whenFree
  }

  get free(): number {
    return this.#resting.length
  }

  logIn(outcome: { made: () => void; refused: () => void }): void {
    const { timeline, server, timedOut } = this.#world
    const { connectionTimeoutMillis } = this.#options
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    const login = {
      isGone: false,
      made: () => {
        settle()
        this.made += 1
        outcome.made()
      },
      refused: () => {
        settle()
        outcome.refused()
      },
    }
    server.take(login)
    if (connectionTimeoutMillis === Number.POSITIVE_INFINITY) return
    timeline.at(timeline.nowMillis + connectionTimeoutMillis, () => {
      if (isSettled) return
      login.isGone = true
      timedOut()
      outcome.refused()
    })
  }

  /** On one that has just been made, or was taken by `take`. */
  serve(): void {
    const { timeline, answered } = this.#world
    timeline.at(timeline.nowMillis + this.#options.statementMillis, () => {
      answered()
      this.rest()
    })
  }

  take(): boolean {
    return this.#resting.pop() !== undefined
  }

  rest(): void {
    const { timeline, server } = this.#world
    const place = {}
    this.#resting.push(place)
    timeline.at(timeline.nowMillis + this.#options.idleTimeoutMillis, () => {
      const index = this.#resting.indexOf(place)
      if (index === -1) return
      this.#resting.splice(index, 1)
      this.made -= 1
      server.close()
    })
    this.#whenFree()
  }
}
