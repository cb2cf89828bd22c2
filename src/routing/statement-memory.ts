// What was found out about texts, kept by text, within bounds: the texts used lately stay. Two generations, so that a hit
// costs one look into a Map and moves nothing.

export interface MemoryBounds {
  /** At most twice as many texts are kept. */
  readonly texts: number
  /** At most twice as many characters. */
  readonly characters: number
}

export class StatementMemory<T> {
  readonly #bounds: MemoryBounds
  #young = new Map<string, T>()
  #old = new Map<string, T>()
  #characters = 0

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(text: string): T | undefined {
    const found = this.#young.get(text)
    if (found !== undefined) return found
    const aged = this.#old.get(text)
    if (aged !== undefined) {
      this.#old.delete(text)
      this.set(text, aged)
    }
    return aged
  }

  set(text: string, value: T): void {
    if (this.#young.size >= this.#bounds.texts || this.#characters > this.#bounds.characters) {
      this.#old = this.#young
      this.#young = new Map()
      this.#characters = 0
    }
    this.#characters += text.length
    this.#young.set(text, value)
  }
}
