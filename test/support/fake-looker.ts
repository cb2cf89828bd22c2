// A looker whose looks end when the test says so. Counts looks, and those that were under way at once.
import type { Looker } from '../../src/monitoring/monitor.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { sighting } from './sighting.ts'

export class FakeLooker implements Looker {
  looks = 0
  mostAtOnce = 0
  closed = 0
  readonly #open: ((result: ProbeResult) => void)[] = []

  get underWay(): number {
    return this.#open.length
  }

  probe(): Promise<ProbeResult> {
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
  async answer(text: string, atMillis: number): Promise<void> {
    const resolve = this.#open.shift()
    if (resolve === undefined) throw new Error('No look is under way')
    resolve(sighting(text, atMillis))
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
}
