// Reads percent-encoding and `name=value&...` for all dialects. Knows no parameter but which of them are secret.
import type { FaultList } from './fault-list.ts'
import { isHarmless } from './fault-list.ts'
import type { UrlParameter } from './parsed-url.ts'

/** What goes by these names is never shown, nor anything behind it: it may be the rest of a password with a raw '&'. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(['password', 'monitorPassword', 'sslpassword'])

export function isSecret(name: string): boolean {
  return SECRET_PARAMETERS.has(name)
}

/** How `+` is read: libpq takes it as it is, java.net.URLDecoder as a space. */
export type PlusSign = 'literal' | 'space'

/** Undefined for a malformed escape, bytes that are not UTF-8, or a NUL, which no connection parameter can hold. */
export function decodePercent(text: string, plus: PlusSign): string | undefined {
  try {
    const decoded = decodeURIComponent(plus === 'space' ? text.replaceAll('+', ' ') : text)
    return decoded.includes('\0') ? undefined : decoded
  } catch {
    return undefined
  }
}

export interface QueryDialect {
  readonly plus: PlusSign
  /** Whether a name without `=` stands for an empty value; else it is a fault. */
  readonly allowsBareNames: boolean
}

/** The parameters of a query, in order. A value may hold further `=`, as pg allows and libpq does not. */
export function parseQuery(query: string, dialect: QueryDialect, faults: FaultList): UrlParameter[] {
  const parameters: UrlParameter[] = []
  // A raw '@' hints at a password that was cut by its own '?': then nothing of the query is quoted.
  let isQuotable = !query.includes('@')
  const refuse = (message: string) => {
    // What is malformed may have been the password: nothing behind it is quoted either.
    isQuotable = false
    faults.add('connectionString', message)
  }
  let position = 0
  for (const piece of query.split('&')) {
    if (piece === '') continue
    position += 1
    const equals = piece.indexOf('=')
    if (equals === -1 && !dialect.allowsBareNames) {
      refuse(`parameter ${position} of the query has no '='`)
      continue
    }
    const name = decodePercent(equals === -1 ? piece : piece.slice(0, equals), dialect.plus)?.trim()
    const value = decodePercent(equals === -1 ? '' : piece.slice(equals + 1).trim(), dialect.plus)
    if (name === undefined || value === undefined) {
      refuse(`parameter ${position} of the query has a malformed percent-encoding`)
      continue
    }
    if (isSecret(name)) isQuotable = false
    parameters.push({ name, value, isQuotable: isQuotable && isHarmless(name) })
  }
  return parameters
}
