// Tells the dialects of connection string apart and hands the text to the one that reads it.
import { readConninfo } from './conninfo.ts'
import type { FaultList } from './fault-list.ts'
import { isJdbcUrl, readJdbcUrl } from './jdbc-url.ts'
import { isLibpqUri, readLibpqUri, readPoolUri } from './libpq-uri.ts'
import type { ParsedString, Report } from './parsed-string.ts'
import { isSocketString, readSocketString } from './socket-string.ts'

export interface Leniency {
  /**
   * For a pool: what pg takes is taken too, as far as it changes nothing that libpq accepts; unknown names are kept.
   * Without it a text is read as libpq 18 and pgjdbc do.
   */
  readonly lenient: boolean
}

/** Undefined when there is a fault that leaves nothing to go on with. Faults stand under `connectionString`. Never throws. */
export function parseConnectionText(
  text: string,
  faults: FaultList,
  { lenient }: Leniency,
): ParsedString | undefined {
  const report: Report = (message) => faults.add('connectionString', message)
  const nul = text.indexOf('\0')
  if (nul !== -1) {
    report(`a NUL character, at position ${nul + 1}`)
    return undefined
  }
  return lenient ? parseForPool(text, report) : parseStrictly(text, report)
}

/** As libpq: what is no URI is a keyword=value string. */
function parseStrictly(text: string, report: Report): ParsedString {
  if (isJdbcUrl(text, { anyCase: false })) {
    return { dialect: 'jdbc-url', parameters: readJdbcUrl(text, { anyCase: false, report }) }
  }
  if (isLibpqUri(text, { anyCase: false })) {
    return { dialect: 'libpq-uri', parameters: readLibpqUri(text, { reading: 'strict', report }) }
  }
  return { dialect: 'conninfo', parameters: readConninfo(text, { reading: 'strict', report }) }
}

function parseForPool(text: string, report: Report): ParsedString {
  const [spaces = ''] = /^[ \t\n\v\f\r]*/.exec(text) ?? []
  const offset = spaces.length
  const trimmed = trimEnd(text.slice(offset))
  if (isJdbcUrl(trimmed, { anyCase: true })) {
    return { dialect: 'jdbc-url', parameters: readJdbcUrl(trimmed, { anyCase: true, report, offset }) }
  }
  if (isLibpqUri(trimmed, { anyCase: true })) {
    return { dialect: 'libpq-uri', parameters: readPoolUri(trimmed, { report, offset }) }
  }
  if (isSocketString(trimmed)) return { dialect: 'socket', parameters: readSocketString(trimmed, report) }
  // Not trimmed: a backslash may make the last space part of a value.
  return { dialect: 'conninfo', parameters: readConninfo(text, { reading: 'pool', report }) }
}

/** By hand: a regular expression for spaces at the end takes time that grows with the square of the length. */
function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\n\v\f\r'.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}
