// The functions that texts have called so far and what is known of each, as of when. Says what has to be asked of the
// cluster; others ask. What is asked again goes on being known as it was until the answer is there.
import type { FunctionKnowledge, Volatility } from './function-volatility.ts'
import { type CalledFunction, functionKey } from './statement-class.ts'

/** Texts that made names up would fill the memory with them: beyond this many, a new name stays unknown. */
const MOST_NAMES = 5_000

export class FunctionBook {
  readonly #known = new Map<string, Volatility>()
  readonly #names = new Map<string, CalledFunction>()
  readonly #unasked = new Map<string, CalledFunction>()
  #revision = 0

  /** Grows when anything is learnt: what was concluded before is to be concluded again. */
  get revision(): number {
    return this.#revision
  }

  get hasUnasked(): boolean {
    return this.#unasked.size > 0
  }

  /** Undefined: not known yet, and noted to be asked. */
  volatility(call: CalledFunction): Volatility | undefined {
    const key = functionKey(call)
    const known = this.#known.get(key)
    if (known === undefined && !this.#names.has(key) && this.#names.size < MOST_NAMES) {
      this.#names.set(key, call)
      this.#unasked.set(key, call)
    }
    return known
  }

  /** The names nobody has asked about yet; the caller asks now. */
  takeUnasked(): readonly CalledFunction[] {
    const names = [...this.#unasked.values()]
    this.#unasked.clear()
    return names
  }

  /** Asking failed: they are to be asked again. */
  putBack(names: readonly CalledFunction[]): void {
    for (const call of names) this.#unasked.set(functionKey(call), call)
  }

  /** Every name, for asking again: functions are replaced, and come and go. */
  allNames(): readonly CalledFunction[] {
    return [...this.#names.values()]
  }

  learn(knowledge: FunctionKnowledge): void {
    let isNews = false
    for (const [key, volatility] of knowledge) {
      if (this.#known.get(key) === volatility) continue
      this.#known.set(key, volatility)
      isNews = true
    }
    if (isNews) this.#revision += 1
  }
}
