// What many applications do by hand: a pg.Pool, and a loop around each statement that tries again after a second. Each
// statement that finds no connection at rest begins a login and waits for that one, as pg-pool has it.
import { Connections, type ProcessOptions, type World } from './client-process.ts'

const PAUSE_MILLIS = 1000

export class NaiveProcess {
  readonly #world: World
  readonly #options: ProcessOptions
  readonly #connections: Connections
  #loggingIn = 0
  #queued = 0

  constructor(world: World, options: ProcessOptions) {
    this.#world = world
    this.#options = options
    this.#connections = new Connections(world, options, () => this.#serveQueue())
  }

  /** One statement more, or one that tries again. */
  ask(): void {
    if (this.#connections.take()) this.#connections.serve()
    else if (this.#connections.made + this.#loggingIn < this.#options.max) this.#logIn()
    else this.#queued += 1
  }

  #logIn(): void {
    this.#loggingIn += 1
    this.#connections.logIn({
      made: () => {
        this.#loggingIn -= 1
        this.#connections.serve()
      },
      refused: () => {
        const { timeline } = this.#world
        this.#loggingIn -= 1
        timeline.at(timeline.nowMillis + PAUSE_MILLIS, () => this.ask())
        if (this.#queued === 0) return
        this.#queued -= 1
        this.ask()
      },
    })
  }

  #serveQueue(): void {
    if (this.#queued === 0 || !this.#connections.take()) return
    this.#queued -= 1
    this.#connections.serve()
  }
}
