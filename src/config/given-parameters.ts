// What one source says, by the names of the parameter table: options, connection string, service file, environment.
// Translates spellings; judges no value.
import { describeValue, type FaultList, isHarmless } from './fault-list.ts'
import type { GivenOptions, GivenValue } from './given-options.ts'
import { isSecret } from './libpq-keywords.ts'
import { PARAMETERS, parameterNamed } from './parameter-table.ts'
import type { ParameterText, ParsedString } from './parsed-string.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A name of a string that no table has. */
export interface UnknownParameter {
  readonly name: string
  readonly isQuotable: boolean
}

export interface GivenParameters {
  readonly known: GivenOptions
  readonly unknown: readonly UnknownParameter[]
}

/** The options of a Pool that may also stand elsewhere. '' counts as not given, as in pg. */
export function givenByOptions(options: Readonly<Record<string, unknown>>): GivenOptions {
  const known = new Map<string, GivenValue>()
  for (const { name, option } of PARAMETERS) {
    const value = option === undefined ? undefined : options[option]
    if (option === undefined || value === undefined || value === '') continue
    known.set(name, { value, isText: false, isQuotable: !isSecret(name), label: option })
  }
  return known
}

/** A parsed connection string. An empty value is kept: it hides what a lower source says. */
export function givenByString({ dialect, parameters }: ParsedString): GivenParameters {
  const isJdbc = dialect === 'jdbc-url'
  return readTexts(isJdbc ? asLibpq(parameters) : parameters, isJdbc)
}

/** The section of a service file, by libpq's keywords. */
export function givenByService(parameters: ReadonlyMap<string, ParameterText>): GivenOptions {
  return readTexts(parameters, false).known
}

/** The variables that libpq knows. An empty one is not given. */
export function givenByEnvironment(env: Environment): GivenOptions {
  const known = new Map<string, GivenValue>()
  for (const { name, env: label } of PARAMETERS) {
    const value = label === undefined ? undefined : env[label]
    if (label === undefined || value === undefined || value === '') continue
    known.set(name, { value, isText: true, isQuotable: !isSecret(name), label })
  }
  return known
}

function readTexts(parameters: ReadonlyMap<string, ParameterText>, isJdbc: boolean): GivenParameters {
  const known = new Map<string, GivenValue>()
  const unknown: UnknownParameter[] = []
  for (const [label, { value, isQuotable }] of parameters) {
    const parameter = parameterNamed(label, { isJdbc })
    if (parameter === undefined) unknown.push({ name: label, isQuotable: isQuotable && isHarmless(label) })
    else {
      known.set(parameter.name, {
        value,
        isText: true,
        isQuotable: isQuotable && !isSecret(parameter.name),
        label,
      })
    }
  }
  return { known, unknown }
}

/**
 * pgjdbc's `ssl` is libpq's sslmode: true or empty is verify-full, anything else none; a given sslmode counts instead.
 * Its one factory that libpq has a word for is pg's `no-verify`.
 */
function asLibpq(parameters: ReadonlyMap<string, ParameterText>): ReadonlyMap<string, ParameterText> {
  const translated = new Map(parameters)
  const ssl = translated.get('ssl')
  if (ssl !== undefined) {
    const value = ssl.value === '' || ssl.value.toLowerCase() === 'true' ? 'verify-full' : 'disable'
    translated.delete('ssl')
    if (!translated.has('sslmode')) translated.set('sslmode', { value, isQuotable: ssl.isQuotable })
  }
  const factory = translated.get('sslfactory')
  if (factory?.value === 'org.postgresql.ssl.NonValidatingFactory') {
    translated.delete('sslfactory')
    if ((translated.get('sslmode')?.value ?? 'disable') !== 'disable') {
      translated.set('sslmode', { value: 'no-verify', isQuotable: factory.isQuotable })
    }
  }
  return translated
}

/** The sources in the order in which they count: options, connection string, service file, environment. */
export class SourceList {
  readonly #sources: readonly GivenOptions[]

  constructor(sources: readonly GivenOptions[]) {
    this.#sources = sources
  }

  get all(): readonly GivenOptions[] {
    return this.#sources
  }

  /** What counts for a parameter; undefined where no source gives it, or the first that does leaves it empty. */
  find(name: string): GivenValue | undefined {
    const given = this.#first(name)
    return given === undefined || given.value === '' ? undefined : given
  }

  /** As `find`, as text; a fault for an option of another type. */
  text(name: string, faults: FaultList): string | undefined {
    const given = this.find(name)
    if (given === undefined || typeof given.value === 'string') return given?.value as string | undefined
    faults.add(given.label, `${describeValue(given.value)} given, expected a string`)
    return undefined
  }

  /** The place of the source that counts, 0 the highest; Infinity where none gives any of the names. */
  rankOf(...names: readonly string[]): number {
    const rank = this.#sources.findIndex((source) => names.some((name) => source.has(name)))
    return rank === -1 ? Number.POSITIVE_INFINITY : rank
  }

  /** All sources that give at least one of the names themselves, the highest first. */
  rank(index: number): GivenOptions | undefined {
    return this.#sources[index]
  }

  #first(name: string): GivenValue | undefined {
    return this.#sources.find((source) => source.has(name))?.get(name)
  }
}
