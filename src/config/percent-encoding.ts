// Reads percent-encoding as libpq does (PostgreSQL 18: raw spaces at the ends are dropped, inside they are refused) and
// as java.net.URLDecoder does. Never quotes the text.
//
// Deliberate difference from both: bytes that are not UTF-8 are refused, as a string of JavaScript cannot hold them.

export interface EncodingFault {
  readonly reason: string
  /** Where in the text, from 0. */
  readonly index: number
}

export type Decoded = { readonly value: string } | { readonly fault: EncodingFault }

export interface Tolerance {
  /** A raw space inside a text is kept; else it is a fault. */
  readonly keepsSpaces?: boolean
  /** A '%' that begins no encoding is itself; else it is a fault. */
  readonly keepsPercent?: boolean
}

export function decodeAsLibpq(
  text: string,
  { keepsSpaces = false, keepsPercent = false }: Tolerance = {},
): Decoded {
  let start = 0
  while (text[start] === ' ') start += 1
  let end = text.length
  while (end > start && text[end - 1] === ' ') end -= 1
  const body = text.slice(start, end)
  const space = keepsSpaces ? body.length : indexOrEnd(body, / /)
  const decoded = decodeEscapes(body.slice(0, space), { keepsPercent })
  if ('fault' in decoded) {
    return { fault: { ...decoded.fault, index: decoded.fault.index + start } }
  }
  if (space === body.length) return decoded
  const reason = 'unexpected spaces found, use percent-encoded spaces (%20) instead'
  return { fault: { reason, index: start + space } }
}

/** '+' is a space. */
export function decodeAsJava(text: string): Decoded {
  return decodeEscapes(text.replaceAll('+', ' '))
}

/** As decodeURIComponent, but for %00 and for saying where the fault is. */
export function decodeEscapes(text: string, { keepsPercent = false }: Tolerance = {}): Decoded {
  const malformed = keepsPercent ? -1 : text.search(/%(?![0-9a-f]{2})/i)
  const whole = malformed === -1 ? text : text.slice(0, malformed)
  const nul = whole.indexOf('%00')
  if (nul !== -1) return { fault: { reason: 'forbidden value %00 in percent-encoded value', index: nul } }
  let notUtf8: number | undefined
  const value = whole.replace(/(?:%[0-9a-f]{2})+/gi, (run: string, index: number) => {
    try {
      return decodeURIComponent(run)
    } catch {
      notUtf8 ??= index
      return ''
    }
  })
  if (notUtf8 !== undefined) {
    return { fault: { reason: 'percent-encoded bytes that are not UTF-8', index: notUtf8 } }
  }
  if (malformed === -1) return { value }
  return {
    fault: { reason: "invalid percent-encoded token (a '%' itself is written %25)", index: malformed },
  }
}

export function indexOrEnd(text: string, pattern: RegExp): number {
  const index = text.search(pattern)
  return index === -1 ? text.length : index
}
