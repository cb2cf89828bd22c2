// Reads the two forms that pg has for one local socket: `/directory database` and `socket://user:password@/directory?db=x`.
// Never quotes any part of the text in a fault.
import type { FaultList } from './fault-list.ts'
import type { ParsedUrl, UrlParameter } from './parsed-url.ts'
import { decodePercent, parseQuery } from './url-query.ts'

export function isSocketString(text: string): boolean {
  return text.startsWith('/') || /^socket:/i.test(text)
}

/** Expects text that `isSocketString` accepts, trimmed. */
export function parseSocketString(text: string, faults: FaultList): ParsedUrl {
  if (text.startsWith('/')) {
    const [directory = '', database = ''] = text.split(' ')
    return socket(directory, database === '' ? [] : [{ name: 'dbname', value: database, isQuotable: false }])
  }
  const [, userinfo = '', path = '', query = ''] =
    /^socket:(?:\/\/(?:([^/?]*)@)?)?([^?]*)\??(.*)$/is.exec(text) ?? []
  const colon = userinfo.includes(':') ? userinfo.indexOf(':') : userinfo.length
  const parts = { user: userinfo.slice(0, colon), password: userinfo.slice(colon + 1) }
  const directory = decodePercent(path, 'literal')
  if (directory === undefined || !directory.startsWith('/')) {
    faults.add('connectionString', "a socket: string needs a directory that begins with '/'")
  }
  const parameters = parseQuery(query, { plus: 'space', allowsBareNames: true }, faults).map((parameter) => ({
    ...parameter,
    name: SOCKET_NAMES.get(parameter.name) ?? parameter.name,
  }))
  for (const [name, part] of Object.entries(parts)) {
    const value = decodePercent(part, 'literal')
    if (value === undefined) faults.add('connectionString', `the ${name} has a malformed percent-encoding`)
    // As in pg, the query wins over what stands before the '@'.
    else if (value !== '') parameters.unshift({ name, value, isQuotable: false })
  }
  return socket(directory, parameters)
}

const SOCKET_NAMES: ReadonlyMap<string, string> = new Map([
  ['db', 'dbname'],
  ['encoding', 'client_encoding'],
])

function socket(directory: string | undefined, parameters: readonly UrlParameter[]): ParsedUrl {
  return {
    dialect: 'socket',
    hosts: directory?.startsWith('/') ? [directory] : undefined,
    ports: undefined,
    parameters,
  }
}
