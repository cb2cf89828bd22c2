// Reads one option at a time out of the sources it may come from, the first that gives it counts, and checks its type.
// Knows no option by name.
import { describeValue, type FaultList } from './fault-list.ts'

export interface GivenValue {
  readonly value: unknown
  /** From a URL or the environment, where numbers and booleans are written out. */
  readonly isText: boolean
  /** False where the value may hold a secret. */
  readonly isQuotable: boolean
  /** How faults name it: the option, or the environment variable. */
  readonly label: string
}

/** The options one source gives, by name. */
export type GivenOptions = ReadonlyMap<string, GivenValue>

/** setTimeout takes no more; beyond it fires at once. */
const MAX_MILLIS = 2 ** 31 - 1

export class OptionReader {
  readonly #sources: readonly GivenOptions[]
  readonly #faults: FaultList

  constructor(sources: readonly GivenOptions[], faults: FaultList) {
    this.#sources = sources
    this.#faults = faults
  }

  /** One of `allowed`; `fallback` when not given or faulty. */
  choice<Value extends string>(option: string, allowed: readonly Value[], fallback: Value): Value {
    const given = this.#find(option)
    return given === undefined ? fallback : (readChoice(given, allowed, this.#faults) ?? fallback)
  }

  /** As `choice`, where some of `allowed` are names kept for later versions. */
  available<Value extends string>(option: string, allowed: readonly Value[], later: readonly string[]): void {
    const given = this.#find(option)
    if (given === undefined) return
    if (later.some((value) => value === given.value)) {
      this.#faults.add(
        given.label,
        `'${given.value}' is not available in this version, expected ${allowed.join(', ')}`,
      )
    } else readChoice(given, allowed, this.#faults)
  }

  /** Whole milliseconds from `least` up to what a timer can take. */
  millis(option: string, { least, fallback }: { least: 0 | 1; fallback: number }): number {
    const expected = `a whole number of milliseconds from ${least} to ${MAX_MILLIS}`
    const isSound = (value: number) => Number.isInteger(value) && value >= least && value <= MAX_MILLIS
    return this.#number(option, { isSound, expected, fallback })
  }

  /** Seconds above 0, as milliseconds. */
  secondsAsMillis(option: string, fallback: number): number {
    const most = Math.floor(MAX_MILLIS / 1000)
    const isSound = (value: number) => value >= 0.001 && value <= most
    const seconds = this.#number(option, {
      isSound,
      expected: `a number of seconds above 0, at most ${most}`,
      fallback,
    })
    return Math.round(seconds * 1000)
  }

  flag(option: string, fallback: boolean): boolean {
    const given = this.#find(option)
    return given === undefined ? fallback : (readBoolean(given, this.#faults) ?? fallback)
  }

  /** A whole number of things, at least one. */
  count(option: string, fallback: number): number {
    const isSound = (value: number) => Number.isSafeInteger(value) && value >= 1
    return this.#number(option, { isSound, expected: 'a whole number from 1', fallback })
  }

  /** A bound that is none unless given: a whole number from 0. */
  bound(option: string, unit: string): number {
    const isSound = (value: number) => Number.isSafeInteger(value) && value >= 0
    const fallback = Number.POSITIVE_INFINITY
    return this.#number(option, { isSound, expected: `a whole number of ${unit} from 0`, fallback })
  }

  /** A part of the whole, from 0 to 1; 1 unless given. */
  share(option: string): number {
    const isSound = (value: number) => value >= 0 && value <= 1
    return this.#number(option, { isSound, expected: 'a number from 0 to 1', fallback: 1 })
  }

  /** A whole number from `least`, or none. */
  ordinal(option: string, least: 0 | 1 = 1): number | undefined {
    const isSound = (value: number) => Number.isSafeInteger(value) && value >= least
    const expected = `a whole number from ${least}`
    const value = this.#number(option, { isSound, expected, fallback: Number.NaN })
    return Number.isNaN(value) ? undefined : value
  }

  /** A function: only the options object can give one. */
  callback<Callback>(option: string): Callback | undefined {
    const given = this.#find(option)
    if (given === undefined || typeof given.value === 'function') return given?.value as Callback | undefined
    this.#faults.add(given.label, `${describeValue(given.value)} given, expected a function`)
    return undefined
  }

  text(option: string): string | undefined {
    const given = this.#find(option)
    if (given === undefined) return undefined
    if (typeof given.value === 'string') return given.value
    this.#faults.add(given.label, `${describeValue(given.value)} given, expected a string`)
    return undefined
  }

  #number(
    option: string,
    { isSound, expected, fallback }: { isSound(value: number): boolean; expected: string; fallback: number },
  ): number {
    const given = this.#find(option)
    if (given === undefined) return fallback
    const value =
      given.isText && /^-?\d+(\.\d+)?$/.test(String(given.value)) ? Number(given.value) : given.value
    if (typeof value === 'number' && isSound(value)) return value
    addMismatch(given, expected, this.#faults)
    return fallback
  }

  #find(option: string): GivenValue | undefined {
    return this.#sources.map((source) => source.get(option)).find((given) => given !== undefined)
  }
}

/** Undefined, with a fault, for a value that is none of `allowed`. */
export function readChoice<Value extends string>(
  given: GivenValue,
  allowed: readonly Value[],
  faults: FaultList,
): Value | undefined {
  const value = allowed.find((candidate) => candidate === given.value)
  if (value === undefined) addMismatch(given, allowed.join(', '), faults)
  return value
}

/** Undefined, with a fault, for anything but true and false. */
export function readBoolean(given: GivenValue, faults: FaultList): boolean | undefined {
  if (typeof given.value === 'boolean') return given.value
  if (given.isText && given.value === 'true') return true
  if (given.isText && given.value === 'false') return false
  addMismatch(given, 'true or false', faults)
  return undefined
}

function addMismatch(given: GivenValue, expected: string, faults: FaultList): void {
  const shown = given.isQuotable ? `${describeValue(given.value)} given, ` : ''
  faults.add(given.label, `${shown}expected ${expected}`)
}
