// Many callers at work on one pool, half of the writers with statements of their own, half in transactions, and what became of
// each call: what a service feels while its primary goes.
import { performance } from 'node:perf_hooks'
import { type OurPool, pause } from './rounds.ts'

export interface Call {
  readonly startedAt: number
  readonly settledAt: number
  /** Of the error; null: it succeeded. */
  readonly error: string | null
}

export interface CrowdOptions {
  readonly writers: number
  readonly readers: number
  /** On average, between a caller's answer and its next call. */
  readonly thinkMillis: number
}

/** Longer than `failoverTimeoutMillis`: nothing may take longer. */
const HANG_MILLIS = 45_000

export class Crowd {
  readonly writes: Call[] = []
  readonly reads: Call[] = []
  readonly #loops: readonly Promise<void>[]
  #isOver = false

  constructor(pool: OurPool, { writers, readers, thinkMillis }: CrowdOptions) {
    const callers = [
      ...Array.from({ length: writers }, (_, i) => [this.writes, i % 2 === 0 ? alone : within] as const),
      ...Array.from({ length: readers }, () => [this.reads, read] as const),
    ]
    this.#loops = callers.map(([calls, work]) => this.#callOn(calls, () => work(pool), thinkMillis))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
  }

  async #callOn(calls: Call[], work: () => Promise<unknown>, thinkMillis: number): Promise<void> {
    while (!this.#isOver) {
      await pause(2 * Math.random() * thinkMillis)
      const startedAt = performance.now()
      const error = await errorOf(work())
      calls.push({ startedAt, settledAt: performance.now(), error })
    }
  }
}

function alone(pool: OurPool): Promise<unknown> {
  return pool.query('insert into bench_rounds default values')
}

function within(pool: OurPool): Promise<unknown> {
  return pool.transaction((tx) => tx.query('insert into bench_rounds default values'))
}

function read(pool: OurPool): Promise<unknown> {
  return pool.read.query('select count(*) from (select from bench_rounds limit 10) few')
}

async function errorOf(work: Promise<unknown>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, HANG_MILLIS, 'never answered')
  })
  const answer = work.then(
    () => null,
    (error: Error & { code?: string }) => error.code ?? error.message,
  )
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
