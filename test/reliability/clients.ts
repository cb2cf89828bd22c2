// Clients of one store: each does one write after another and writes down what it was told.
import { seededRandom } from '../support/seeded-random.ts'
import type { Write } from './history.ts'
import { ACCOUNTS, appending, insertion, type Statement, type Store, transferring } from './store.ts'

/** Appends to one list: its array is written anew each time. */
const APPENDS_A_LIST = 50
/** Longer than any wait that the pools under test are allowed. */
const HANG_MILLIS = 45_000

type Plan = Pick<Write, 'id' | 'kind' | 'list' | 'transfer'>

export class Clients {
  readonly writes: Write[] = []
  /** Writes that were never answered, one way or the other. */
  readonly hung: Plan[] = []
  round = 0
  readonly #store: Store
  readonly #random: () => number
  readonly #thinkMillis: number
  readonly #loops: readonly Promise<void>[]
  readonly #waiting: { sinceMillis: number; resolve: () => void }[] = []
  #nextId = 1
  #appends = 0
  #stopped = false

  constructor(store: Store, options: { count: number; seed: number; thinkMillis: number }) {
    this.#store = store
    this.#random = seededRandom(options.seed)
    this.#thinkMillis = options.thinkMillis
    this.#loops = Array.from({ length: options.count }, () => this.#work())
  }

  /** Resolves at the first acknowledgement of a write that was begun from now on. */
  acknowledged(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ sinceMillis: performance.now(), resolve }))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      await think(this.#random() * 2 * this.#thinkMillis)
      const plan = this.#plan()
      const startedMillis = performance.now()
      const { round } = this
      const answer = this.#store.run(this.#statement(plan))
      const told = await outcome(answer, this.#store)
      if (told === null) {
        this.hung.push(plan)
        continue
      }
      const settledMillis = performance.now()
      this.writes.push({ ...plan, ...told, startedMillis, settledMillis, round })
      if (told.outcome === 'acknowledged') this.#settle(startedMillis)
    }
  }

  #plan(): Plan {
    const id = this.#nextId++
    const which = this.#random()
    if (which < 0.4) return { id, kind: 'insert' }
    if (which < 0.7) return { id, kind: 'append', list: Math.floor(this.#appends++ / APPENDS_A_LIST) }
    const from = Math.floor(this.#random() * ACCOUNTS)
    const to = (from + 1 + Math.floor(this.#random() * (ACCOUNTS - 1))) % ACCOUNTS
    return { id, kind: 'transfer', transfer: { from, to, amount: 1 + Math.floor(this.#random() * 9) } }
  }

  #statement({ id, list, transfer }: Plan): Statement {
    const { name } = this.#store
    if (transfer !== undefined) return transferring(name, id, transfer)
    return list === undefined ? insertion(name, id) : appending(name, id, list)
  }

  #settle(startedMillis: number): void {
    for (const waiter of this.#waiting.splice(0)) {
      if (startedMillis >= waiter.sinceMillis) waiter.resolve()
      else this.#waiting.push(waiter)
    }
  }
}

async function outcome(
  answer: ReturnType<Store['run']>,
  store: Store,
): Promise<Pick<Write, 'outcome' | 'code' | 'why' | 'place'> | null> {
  let alarm: NodeJS.Timeout | undefined
  const silence = new Promise<null>((resolve) => {
    alarm = setTimeout(resolve, HANG_MILLIS, null)
  })
  const told = answer.then(
    (place) => ({ outcome: 'acknowledged', code: null, why: null, place }) as const,
    (error: Error & { code?: string }) => {
      const outcome = store.outcomeOf(error)
      const why = outcome === 'unknown' ? store.doubt(error) : null
      return { outcome, code: error.code ?? error.message, why, place: null }
    },
  )
  try {
    return await Promise.race([told, silence])
  } finally {
    clearTimeout(alarm)
  }
}

function think(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}
