// Tells the dialects of connection string apart and hands the text to the one that reads it.
import type { FaultList } from './fault-list.ts'
import { isJdbcUrl, parseJdbcUrl } from './jdbc-url.ts'
import { isLibpqUri, parseLibpqUri } from './libpq-uri.ts'
import type { ParsedUrl } from './parsed-url.ts'
import { isSocketString, parseSocketString } from './socket-string.ts'

/** Undefined, with a fault, for text of no known dialect. Never throws. */
export function parseConnectionString(given: string, faults: FaultList): ParsedUrl | undefined {
  const text = given.trim()
  if (isLibpqUri(text)) return parseLibpqUri(text, faults)
  if (isJdbcUrl(text)) return parseJdbcUrl(text, faults)
  if (isSocketString(text)) return parseSocketString(text, faults)
  faults.add(
    'connectionString',
    'must begin with postgres://, postgresql:// or jdbc:postgresql:// (keyword=value strings are not available in this version)',
  )
  return undefined
}
