// Runs the tables of service files and password files.
import { expect } from 'vitest'
import { findPassword, refusalOfFile } from '../../src/config/passfile.ts'
import type { PoolOptions } from '../../src/config/pool-options.ts'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import type { Settings } from '../../src/config/settings.ts'
import type { UserFiles } from '../../src/config/user-files.ts'
import { ConfigError } from '../../src/errors.ts'
import { hostName } from '../../src/topology/host.ts'
import { specTable } from '../support/spec-table.ts'

const table = (name: string): URL => new URL(`./config/${name}.yaml`, import.meta.url)

interface PasswordRow {
  readonly name: string
  readonly file: string
  readonly asks?: { readonly host?: string; readonly database?: string }
  readonly password?: string
}

specTable<PasswordRow>(table('passfile'), { required: ['file'], optional: ['asks', 'password'] }, (row) => {
  const asks = { host: 'h1', port: 5432, database: 'db', user: 'app', ...row.asks }
  expect(findPassword(row.file, asks)).toBe(row.password)
})

interface FileRow {
  readonly name: string
  readonly isPlain: boolean
  readonly mode: number
  readonly refusal?: string
}

specTable<FileRow>(
  table('passfile-permissions'),
  { required: ['isPlain', 'mode'], optional: ['refusal'] },
  ({ isPlain, mode, refusal }) => {
    expect(refusalOfFile('/home/me/.pgpass', { isPlain, mode })).toBe(refusal)
  },
)

interface ServiceRow {
  readonly name: string
  readonly file?: string
  readonly others?: Readonly<Record<string, string>>
  readonly options?: PoolOptions
  readonly env?: Readonly<Record<string, string>>
  readonly hosts?: readonly string[]
  readonly settings?: Partial<Settings>
  readonly pool?: Readonly<Record<string, unknown>>
  readonly faults?: readonly string[]
}

const OUTCOMES = ['hosts', 'settings', 'pool', 'faults']
const USER_FILE = '/home/me/.pg_service.conf'

specTable<ServiceRow>(
  table('service-file'),
  { required: [], optional: ['file', 'others', 'options', 'env', ...OUTCOMES] },
  (row) => {
    const files = new Map(Object.entries({ ...row.others, ...(row.file && { [USER_FILE]: row.file }) }))
    const userFiles: UserFiles = {
      ...{ serviceFile: USER_FILE, passwordFile: undefined, rootCertificate: undefined },
      readText: (path) => files.get(path),
      exists: (path) => files.has(path),
    }
    const resolve = () => resolveSettings(row.options ?? { service: 'orders' }, row.env ?? {}, userFiles)
    if (row.faults !== undefined) {
      expect(faultsOf(resolve)).toEqual(row.faults)
      return
    }
    const settings = resolve()
    expect(row.hosts ?? row.settings ?? row.pool, 'the row expects nothing').toBeDefined()
    if (row.hosts !== undefined) expect(settings.hosts.map(hostName)).toEqual(row.hosts)
    if (row.settings !== undefined) expect(settings).toMatchObject(row.settings)
    const { password } = settings.poolOptions
    const pool = { ...settings.poolOptions, ...(password !== undefined && { password }) }
    if (row.pool !== undefined) expect(pool).toEqual(row.pool)
  },
)

function faultsOf(resolve: () => unknown): readonly string[] {
  try {
    resolve()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).faults.map(({ message }) => message)
  }
  return []
}
