// The files of this user and this machine, as libpq finds them. Reads; concludes nothing.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { UserFiles } from '../config/user-files.ts'
import type { TlsFileAccess } from './tls-files.ts'

const IS_WINDOWS = process.platform === 'win32'

export function userFiles(): UserFiles {
  const postgres = postgresFolder()
  const home = homeFolder()
  const inHome = (name: string) => (home === null ? undefined : path.join(home, name))
  const inPostgres = (name: string) => (postgres === null ? undefined : path.join(postgres, name))
  return {
    serviceFile: IS_WINDOWS ? inPostgres('.pg_service.conf') : inHome('.pg_service.conf'),
    passwordFile: IS_WINDOWS ? inPostgres('pgpass.conf') : inHome('.pgpass'),
    rootCertificate: inPostgres('root.crt'),
    readText,
    exists: existsSync,
  }
}

export const TLS_FILES: TlsFileAccess = {
  readFile: (file) => readFileSync(file),
  readFolder: (folder) => readdirSync(folder),
  stat: (file) => {
    const status = statSync(file)
    return { mode: IS_WINDOWS ? 0o600 : status.mode, uid: status.uid, isFile: () => status.isFile() }
  },
  postgresFolder,
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}

/** ~/.postgresql, or %APPDATA%\postgresql. */
function postgresFolder(): string | null {
  if (IS_WINDOWS) return process.env.APPDATA ? path.join(process.env.APPDATA, 'postgresql') : null
  const home = homeFolder()
  return home === null ? null : path.join(home, '.postgresql')
}

/** Null for a user without one: os.homedir throws then. */
function homeFolder(): string | null {
  if (process.env.HOME) return process.env.HOME
  try {
    return homedir()
  } catch {
    return null
  }
}
