// Reads the query of a libpq URI, name=value&name=value, as libpq's conninfo_uri_parse_params does. Knows no parameter
// but `ssl`, which libpq translates.
import type { KeywordStore, Reading } from './keyword-store.ts'
import { decodeAsLibpq } from './percent-encoding.ts'
import type { Span } from './uri-outline.ts'

export interface UriQuery {
  readonly span: Span
  readonly store: KeywordStore
  readonly reading: Reading
  readonly offset: number
}

export function readUriQuery(text: string, { span, store, reading, offset }: UriQuery): void {
  let from = span.from
  for (let number = 1; from < span.to; number += 1) {
    const end = text.indexOf('&', from)
    const to = end === -1 ? span.to : end
    if (reading === 'tolerant' && from === to) number -= 1
    else readPiece(text.slice(from, to), { number, at: offset + from, store, reading })
    from = to + 1
  }
}

interface Piece {
  /** Which one it is, from 1. */
  readonly number: number
  readonly at: number
  readonly store: KeywordStore
  readonly reading: Reading
}

function readPiece(text: string, { number, at, store, reading }: Piece): void {
  const place = `URI query parameter ${number}`
  const refuse = (message: string, index: number) => store.refuse(`${message}, at position ${at + index + 1}`)
  const equals = text.indexOf('=')
  if (equals === -1) {
    refuse(`missing key/value separator "=" in ${place}`, 0)
    return
  }
  const extra = text.indexOf('=', equals + 1)
  if (extra !== -1 && reading !== 'tolerant') {
    refuse(`extra key/value separator "=" in ${place} (write %3D)`, extra)
    return
  }
  const tolerance = { keepsSpaces: reading === 'tolerant' }
  const name = decodeAsLibpq(text.slice(0, equals), tolerance)
  const value = decodeAsLibpq(text.slice(equals + 1), tolerance)
  if ('fault' in name) refuse(`${place}: ${name.fault.reason}`, name.fault.index)
  else if ('fault' in value) refuse(`${place}: ${value.fault.reason}`, equals + 1 + value.fault.index)
  else {
    const isSsl = reading === 'strict' && name.value === 'ssl' && value.value === 'true'
    const keyword = isSsl ? { name: 'sslmode', value: 'require' } : { name: name.value, value: value.value }
    store.put({ ...keyword, kind: 'URI query parameter', number })
  }
}
