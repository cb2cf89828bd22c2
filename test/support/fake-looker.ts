// A looker whose looks end when the test says so. Counts looks, and those that were under way at once.
import type { Looker } from '../../src/monitoring/monitor.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { sighting } from './sighting.ts'

export class FakeLooker<Result = ProbeResult> implements Looker<Result> {
  looks = 0
  mostAtOnce = 0
  closed = 0
  readonly #open: ((result: Result) => void)[] = []

  get underWay(): number {
    return this.#open.length
  }

  probe(): Promise<Result> {
    this.looks += 1
    return new Promise((resolve) => {
      this.#open.push(resolve)
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#open.length)
    })
  }

  close(): void {
    this.closed += 1
  }

  /** Ends the oldest look that is under way, and lets what follows from it happen. */
  answer(this: FakeLooker, text: string, atMillis: number): Promise<void> {
    return this.settle(sighting(text, atMillis))
  }

  async settle(result: Result): Promise<void> {
    const resolve = this.#open.shift()
    if (resolve === undefined) throw new Error('No look is under way')
    resolve(result)
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
}
