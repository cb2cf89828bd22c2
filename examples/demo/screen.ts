// What the demo shows while it runs: lines with the time since its start, and the rates of work four times a second.
import type { Pool } from 'pg-ha'
import type { Ledger } from './ledger.ts'

const RATE_MILLIS = 250

export class Screen {
  readonly #write: (text: string) => void
  readonly #startedAt = performance.now()
  #ticking: NodeJS.Timeout | undefined

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  say(text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3)
    this.#write(`${seconds.padStart(8)} s  ${text}\n`)
  }

  /** Something that is done to the cluster. */
  act(text: string): void {
    this.say(`>>> ${text}`)
  }

  /** Shows what a pool says by itself. */
  follow(pool: Pool): void {
    const event = (name: string, text: string): void => this.say(`    event ${name}: ${text}`)
    pool.on('nodeChange', ({ node, previous, current, failure }) => {
      const why = failure === null ? '' : ` (${failure.code ?? failure.message})`
      event('nodeChange', `${node} ${previous} -> ${current}${why}`)
    })
    pool.on('primaryChange', ({ previous, current, verdict }) => {
      event('primaryChange', `${previous ?? 'none'} -> ${current ?? 'none'} (${verdict.reason})`)
    })
    pool.on('failover', ({ from, to, downtimeMillis }) => {
      event('failover', `${from} -> ${to} after ${Math.round(downtimeMillis)} ms`)
    })
    pool.on('splitBrain', ({ verdict }) => event('splitBrain', verdict.reason))
    pool.on('splitBrainEnd', ({ durationMillis }) => {
      event('splitBrainEnd', `after ${Math.round(durationMillis)} ms`)
    })
  }

  showRates(ledger: Ledger, pool: Pool): void {
    let last = { at: performance.now(), writes: ledger.writes, reads: ledger.reads }
    this.#ticking = setInterval(() => {
      const now = { at: performance.now(), writes: ledger.writes, reads: ledger.reads }
      const seconds = (now.at - last.at) / 1000
      const rate = (count: number): string => String(Math.round(count / seconds)).padStart(6)
      const [writes, reads] = [rate(now.writes - last.writes), rate(now.reads - last.reads)]
      this.say(`writes/s ${writes}   reads/s ${reads}   primary ${pool.cluster.primary ?? 'none'}`)
      last = now
    }, RATE_MILLIS)
  }

  stopRates(): void {
    clearInterval(this.#ticking)
  }
}
