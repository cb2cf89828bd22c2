// Reads the two forms that pg has for one local socket: `/directory database` and `socket://user:password@/directory?db=x`.
// Never quotes any part of the text in a fault.
import { isHarmless } from './fault-list.ts'
import { isSecret } from './libpq-keywords.ts'
import type { ParameterText, Report } from './parsed-string.ts'
import { type Decoded, decodeAsJava, decodeEscapes, indexOrEnd } from './percent-encoding.ts'

export function isSocketString(text: string): boolean {
  return text.startsWith('/') || /^socket:/i.test(text)
}

/** Expects text that `isSocketString` accepts, trimmed. What is malformed is reported and left out. */
export function readSocketString(text: string, report: Report): ReadonlyMap<string, ParameterText> {
  const parameters = new Map<string, ParameterText>()
  const put = (name: string, decoded: Decoded, isQuotable = false) => {
    if ('fault' in decoded) report(`${decoded.fault.reason}, in the ${name}`)
    else if (decoded.value !== '') parameters.set(name, { value: decoded.value, isQuotable })
  }
  if (text.startsWith('/')) {
    const [directory = '', database = ''] = text.split(' ')
    put('host', { value: directory })
    put('dbname', { value: database })
    return parameters
  }
  const [, userinfo = '', path = '', query = ''] =
    /^socket:(?:\/\/(?:([^/?]*)@)?)?([^?]*)\??(.*)$/is.exec(text) ?? []
  const directory = decodeEscapes(path)
  if ('fault' in directory || !directory.value.startsWith('/')) {
    report("a socket: string needs a directory that begins with '/'")
  } else put('host', directory)
  const colon = indexOrEnd(userinfo, /:/)
  put('user', decodeEscapes(userinfo.slice(0, colon)))
  put('password', decodeEscapes(userinfo.slice(colon + 1)))
  readQuery(query, { parameters, report })
  return parameters
}

const SOCKET_NAMES: ReadonlyMap<string, string> = new Map([
  ['db', 'dbname'],
  ['encoding', 'client_encoding'],
])

/** As in pg, the query wins over what stands before the '@'. */
function readQuery(
  query: string,
  { parameters, report }: { parameters: Map<string, ParameterText>; report: Report },
): void {
  let isQuotable = !query.includes('@')
  query.split('&').forEach((piece, index) => {
    if (piece === '') return
    const equals = indexOrEnd(piece, /=/)
    const name = decodeAsJava(piece.slice(0, equals))
    const value = decodeAsJava(piece.slice(equals + 1))
    if ('fault' in name || 'fault' in value) {
      isQuotable = false
      report(`parameter ${index + 1} of the query has a malformed percent-encoding`)
      return
    }
    const keyword = SOCKET_NAMES.get(name.value) ?? name.value
    if (isSecret(keyword)) isQuotable = false
    parameters.set(keyword, { value: value.value, isQuotable: isQuotable && isHarmless(keyword) })
  })
}
