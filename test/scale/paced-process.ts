// A process with pg-ha: the library's own rules for logins and pauses, over simulated connections.
import { pauseMillis } from '../../src/failover/backoff.ts'
import { afterLogin, afterRefusal, FIRST_PACE, turnOf } from '../../src/failover/login-pace.ts'
import { Connections, type ProcessOptions, type World } from './client-process.ts'

interface Statement {
  failures: number
}

export class PacedProcess {
  readonly #world: World
  readonly #options: ProcessOptions
  readonly #connections: Connections
  readonly #line: Statement[] = []
  #pace = FIRST_PACE
  #loggingIn = 0

  constructor(world: World, options: ProcessOptions) {
    this.#world = world
    this.#options = options
    this.#connections = new Connections(world, options, () => this.#moveOn())
  }

  ask(statement: Statement = { failures: 0 }): void {
    this.#line.push(statement)
    this.#moveOn()
  }

  #moveOn(): void {
    const { timeline } = this.#world
    for (let [first] = this.#line; first !== undefined; [first] = this.#line) {
      const { made, free } = this.#connections
      const connections = {
        ...{ max: this.#options.max, made, free, loggingIn: this.#loggingIn },
        callers: this.#line.length,
      }
      const turn = turnOf(this.#pace, connections, timeline.nowMillis)
      if (turn === 'logIn') this.#logIn()
      else if (turn === 'refuse') this.#tryLater(this.#line.shift())
      else if (turn === 'hold' || !this.#connections.take()) break
      else {
        this.#line.shift()
        this.#connections.serve()
      }
    }
    const { notBeforeMillis } = this.#pace
    if (this.#line.length > 0 && notBeforeMillis > timeline.nowMillis) {
      timeline.at(notBeforeMillis, () => this.#moveOn())
    }
  }

  #logIn(): void {
    const { timeline, random } = this.#world
    this.#loggingIn += 1
    this.#connections.logIn({
      made: () => {
        this.#loggingIn -= 1
        this.#pace = afterLogin(this.#pace)
        if (this.#line.shift() === undefined) this.#connections.rest()
        else this.#connections.serve()
        this.#moveOn()
      },
      refused: () => {
        this.#loggingIn -= 1
        this.#pace = afterRefusal(this.#pace, { nowMillis: timeline.nowMillis, random: random() })
        this.#tryLater(this.#line.shift())
        this.#moveOn()
      },
    })
  }

  /** As the dispatcher does: each after a pause of its own. */
  #tryLater(statement: Statement | undefined): void {
    if (statement === undefined) return
    const { timeline, random } = this.#world
    statement.failures += 1
    const pause = pauseMillis(statement.failures + 1, random())
    timeline.at(timeline.nowMillis + pause, () => this.ask(statement))
  }
}
