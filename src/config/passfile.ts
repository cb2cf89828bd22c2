// Finds a password in the text of a password file as libpq does, and says where that file is. Opens no file.
//
// A line is host:port:database:user:password; '*' is anything, '\' takes the next character as it is, '#' at the
// start is a comment, an unescaped ':' ends the password. The first line that fits counts.

export interface PasswordQuery {
  /** The host of the list, else its address. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** Why a file must not be used, in libpq's words. */
export interface FileState {
  readonly isPlain: boolean
  /** The permission bits; undefined on a system without them. */
  readonly mode: number | undefined
}

/** The directories that PostgreSQL is built with: they count as localhost. */
const DEFAULT_SOCKET_DIRECTORIES: ReadonlySet<string> = new Set(['/tmp', '/var/run/postgresql'])

/** Undefined where no line fits. */
export function findPassword(text: string, query: PasswordQuery): string | undefined {
  const host = query.host === '' || DEFAULT_SOCKET_DIRECTORIES.has(query.host) ? 'localhost' : query.host
  const fields = [host, String(query.port), query.database, query.user]
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\r+$/, '')
    if (line === '' || line.startsWith('#')) continue
    let rest: string | undefined = line
    for (const field of fields) rest = rest === undefined ? undefined : afterField(rest, field)
    if (rest !== undefined) return unescaped(rest)
  }
  return undefined
}

/** Undefined for a file that may be used. */
export function refusalOfFile(path: string, { isPlain, mode }: FileState): string | undefined {
  if (!isPlain) return `password file "${path}" is not a plain file`
  if (mode !== undefined && (mode & 0o077) !== 0) {
    return `password file "${path}" has group or world access; permissions should be u=rw (0600) or less`
  }
  return undefined
}

/** What stands behind a field that fits; undefined where it does not fit. */
function afterField(text: string, field: string): string | undefined {
  if (text.startsWith('*:')) return text.slice(2)
  let matched = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === ':' && matched === field.length) return text.slice(at + 1)
    if (text[at] === '\\') at += 1
    if (matched === field.length || text[at] !== field[matched]) return undefined
    matched += 1
  }
  return undefined
}

function unescaped(text: string): string {
  let password = ''
  for (let at = 0; at < text.length && text[at] !== ':'; at += 1) {
    if (text[at] === '\\' && at + 1 < text.length) at += 1
    password += text[at]
  }
  return password
}
