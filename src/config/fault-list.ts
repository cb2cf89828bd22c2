// Gathers everything wrong with a configuration, so that it is told at once. Shows a given value only where it cannot
// hold a secret.
import { ConfigError, type ConfigFault } from '../errors.ts'

export class FaultList {
  readonly #faults: ConfigFault[] = []

  add(option: string, message: string): void {
    this.#faults.push(Object.freeze({ option, message: `${option}: ${message}` }))
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0
  }

  /** Throws one ConfigError that holds every fault. */
  throwIfAny(): void {
    if (!this.isEmpty) throw new ConfigError(this.#faults)
  }
}

/** A value in a message: short and harmless text is quoted, anything else is only described. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return isHarmless(value) ? `'${value}'` : `a string of ${value.length} characters`
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** Whether text looks like a name or a number: nothing a URL, a path or a well-made password would pass for. */
export function isHarmless(text: string): boolean {
  return /^[A-Za-z0-9_.-]{0,40}$/.test(text)
}
