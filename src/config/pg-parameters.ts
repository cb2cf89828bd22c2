// The parameters of all sources that pg has an option for -> pg's options. What stands in the options object is left as
// it is; of the environment only what pg does not read by itself is read here.
import type { FaultList } from './fault-list.ts'
import type { GivenValue } from './given-options.ts'
import type { SourceList } from './given-parameters.ts'
import { readInteger } from './integer.ts'
import { PARAMETERS, type Parameter, type Reading } from './parameter-table.ts'

export interface PgCase {
  readonly sources: SourceList
  /** The rank of the environment among the sources. */
  readonly environmentRank: number
  readonly faults: FaultList
  readonly notices: string[]
}

/** The options object counts by itself: it is merged over these. */
const OBJECT_RANK = 0
const UTF8 = /^(utf-?8|unicode|sql_ascii)$/i
/** setTimeout takes no more. */
const MAX_MILLIS = 2 ** 31 - 1

/** By pg's names, values typed. Without `options` where pg's own reading of PGOPTIONS is enough. */
export function readPgParameters(given: PgCase): Record<string, unknown> {
  const found = new Map<string, { rank: number; value: unknown }>()
  for (const parameter of PARAMETERS) {
    if (parameter.effect.kind !== 'pg') continue
    const { option, reading } = parameter.effect
    const text = given.sources.find(parameter.name)
    const rank = given.sources.rankOf(parameter.name)
    if (text === undefined || rank === OBJECT_RANK || isLeftToPg(parameter, rank, given)) continue
    const value = readValue(text, reading, given)
    const known = found.get(option)
    // Of two names for one option in one source, pg's own counts.
    if (known !== undefined && (known.rank < rank || (known.rank === rank && parameter.name !== option)))
      continue
    if (value !== undefined) found.set(option, { rank, value })
  }
  const merged = Object.fromEntries([...found].map(([option, { value }]) => [option, value]))
  const limit = connectLimit(given)
  if (limit !== undefined) merged.connectionTimeoutMillis = limit
  const options = sessionOptions(given)
  if (options !== undefined) merged.options = options
  return merged
}

/** pg reads PGUSER, PGPASSWORD, PGDATABASE and PGAPPNAME as libpq does. */
function isLeftToPg({ name }: Parameter, rank: number, { environmentRank }: PgCase): boolean {
  return rank === environmentRank && name !== 'client_encoding'
}

function readValue(given: GivenValue, reading: Reading, { faults, notices }: PgCase): unknown {
  const text = String(given.value)
  const fail = (expected: string) => {
    faults.add(given.label, `${shown(given)}expected ${expected}`)
    return undefined
  }
  switch (reading) {
    case 'text':
      return text
    case 'encoding':
      return readEncoding(given, notices)
    case 'count':
      return /^\d{1,10}$/.test(text) ? Number(text) : fail('a whole number from 0')
    case 'flag': {
      const word = text.toLowerCase()
      return word === 'true' || word === 'false' ? word === 'true' : fail('true or false')
    }
    case 'integerFlag': {
      const value = readInteger(text)
      return value === undefined ? fail('0 or 1') : value !== 0
    }
    case 'idleSeconds': {
      const value = readInteger(text)
      if (value === undefined) return fail('a whole number of seconds')
      return value > 0 ? Math.min(value * 1000, MAX_MILLIS) : undefined
    }
    case 'secondsAsMillis': {
      const value = readInteger(text)
      if (value === undefined) return fail('a whole number of seconds')
      return value > 0 ? Math.min(value * 1000, MAX_MILLIS) : undefined
    }
    default:
      return assertNever(reading)
  }
}

/** pg decodes UTF-8 whatever the server sends; `auto` is libpq's "as the locale has it". */
function readEncoding(given: GivenValue, notices: string[]): string | undefined {
  const text = String(given.value)
  if (text === 'auto') return 'UTF8'
  if (UTF8.test(text)) return text
  const isEnvironment = given.label === 'PGCLIENTENCODING'
  const outcome = isEnvironment ? 'has no effect' : 'garbles what is not ASCII'
  notices.push(`${given.label}: an encoding other than UTF8 ${outcome}: pg reads and writes text as UTF-8`)
  return isEnvironment ? undefined : text
}

const LIMITS = ['connectionTimeoutMillis', 'connect_timeout', 'connectTimeout', 'loginTimeout'] as const

/** The limits of the first source that gives any: pg's own counts alone, else the smallest that is one. */
function connectLimit({ sources, faults }: PgCase): number | undefined {
  const rank = sources.rankOf(...LIMITS)
  const source = sources.rank(rank)
  if (rank === OBJECT_RANK || source === undefined) return undefined
  const own = source.get('connectionTimeoutMillis')
  if (own !== undefined && own.value !== '') {
    if (/^\d{1,10}$/.test(String(own.value))) return Number(own.value)
    faults.add(own.label, `${shown(own)}expected a whole number from 0`)
    return undefined
  }
  const millis: number[] = []
  for (const name of LIMITS.slice(1)) {
    const given = source.get(name)
    if (given === undefined || given.value === '') continue
    const text = String(given.value)
    // pgjdbc takes a fraction for the whole login only.
    const isFraction = name === 'loginTimeout' && /^\d{1,7}\.\d+$/.test(text)
    const seconds = isFraction ? Number(text) : readInteger(text)
    if (seconds !== undefined) millis.push(Math.max(0, seconds) * 1000)
    else faults.add(given.label, `${shown(given)}expected a whole number of seconds`)
  }
  if (millis.length === 0) return undefined
  const limits = millis.filter((each) => each > 0)
  return limits.length === 0 ? 0 : Math.min(Math.ceil(Math.min(...limits)), MAX_MILLIS)
}

/**
 * Settings each session starts with, as server options: those of the environment first, so that `options` may say
 * otherwise, then what a JDBC URL has names for. Undefined where there is nothing but `options` that pg reads itself.
 */
function sessionOptions({ sources, environmentRank, faults }: PgCase): string | undefined {
  const before: string[] = []
  const behind: string[] = []
  for (const { name, effect, origin } of PARAMETERS) {
    const value = effect.kind === 'session' ? sources.text(name, faults) : undefined
    if (effect.kind !== 'session' || value === undefined) continue
    if (origin !== 'environment') behind.push(setting(effect.setting, value))
    else if (value.toLowerCase() !== 'default') before.push(setting(effect.setting, value))
  }
  const isReadOnly = String(sources.find('readOnly')?.value ?? '').toLowerCase() === 'true'
  if (isReadOnly && sources.find('readOnlyMode')?.value !== 'ignore') {
    behind.push(setting('default_transaction_read_only', 'on'))
  }
  const rank = sources.rankOf('options')
  const isOwn = before.length + behind.length > 0
  if (!isOwn && (rank === OBJECT_RANK || rank >= environmentRank)) return undefined
  const options = sources.text('options', faults)
  const all = [...before, ...(options === undefined ? [] : [options]), ...behind]
  return all.length === 0 ? undefined : all.join(' ')
}

/** In server options a space or a backslash is escaped by a backslash. */
function setting(name: string, value: string): string {
  return `-c ${name}=${value.replace(/[\s\\]/g, '\\$&')}`
}

function shown({ value, isQuotable }: GivenValue): string {
  return isQuotable && /^[\w.-]{1,20}$/.test(String(value)) ? `'${String(value)}' given, ` : ''
}

function assertNever(value: never): never {
  throw new TypeError(`Unexpected reading ${String(value)}`)
}
