// Looks a password up in libpq's password file at each login, so that a new one is found without a restart. A file that
// may not be used is told of once, as libpq tells it, and left out.
import { readFile, stat } from 'node:fs/promises'
import { findPassword, refusalOfFile } from '../config/passfile.ts'
import { warnOnce } from './warn-once.ts'

/** What pg hands to a password function: the parameters of the connection being made. */
export interface Login {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly user?: string | undefined
}

/** A function for pg's `password` option. Gives undefined where no line fits; rejects for a file that cannot be read. */
export function passwordFrom(path: string): (login?: Login) => Promise<string | undefined> {
  return async (login = {}) => {
    const status = await stat(path).catch(() => null)
    // As libpq: no file is no password.
    if (status === null) return undefined
    const mode = process.platform === 'win32' ? undefined : status.mode
    const refusal = refusalOfFile(path, { isPlain: status.isFile(), mode })
    if (refusal !== undefined) {
      warnOnce(refusal)
      return undefined
    }
    const { host = '', port = 5432, database = '', user = '' } = login
    return findPassword(await readFile(path, 'utf8'), { host, port, database, user })
  }
}
