// The TLS parameters of a connection string -> pg's `ssl`, as pg-connection-string reads them: `prefer`, `require`
// and `verify-ca` verify in full unless `uselibpqcompat=true`. Opens no file: their paths are handed on.
import type { PoolConfig } from 'pg'
import type { FaultList } from './fault-list.ts'
import type { TlsFiles } from './settings.ts'

export const TLS_PARAMETERS: readonly string[] = [
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
]

export interface TlsReading {
  /** Undefined: the connection string does not say. */
  readonly ssl: PoolConfig['ssl']
  readonly files: TlsFiles | undefined
  readonly negotiation: 'postgres' | 'direct' | undefined
}

export const NO_TLS: TlsReading = { ssl: undefined, files: undefined, negotiation: undefined }

const MODES: readonly string[] = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  'no-verify',
]

export function readTls(given: ReadonlyMap<string, string>, faults: FaultList): TlsReading {
  const mode = given.get('sslmode')
  if (mode !== undefined && !MODES.includes(mode)) faults.add('sslmode', `expected ${MODES.join(', ')}`)
  const negotiation = readNegotiation(given.get('sslnegotiation'), faults)
  const files: TlsFiles = Object.freeze({
    ...pathOf('cert', given.get('sslcert')),
    ...pathOf('key', given.get('sslkey')),
    ...pathOf('ca', given.get('sslrootcert')),
  })
  const hasFiles = Object.keys(files).length > 0
  if (mode === undefined && !hasFiles) {
    const ssl = readFlag(given.get('ssl'), faults) ?? (negotiation === 'direct' ? true : undefined)
    return { ssl, files: undefined, negotiation }
  }
  if (mode === 'disable') return { ssl: false, files: undefined, negotiation }
  return { ssl: sslOfMode(given, faults), files: hasFiles ? files : undefined, negotiation }
}

function readNegotiation(text: string | undefined, faults: FaultList): TlsReading['negotiation'] {
  if (text === undefined || text === 'postgres' || text === 'direct') return text
  faults.add('sslnegotiation', 'expected postgres, direct')
  return undefined
}

function sslOfMode(given: ReadonlyMap<string, string>, faults: FaultList): NonNullable<PoolConfig['ssl']> {
  const mode = given.get('sslmode')
  if (mode === 'no-verify') return { rejectUnauthorized: false }
  if (given.get('uselibpqcompat') !== 'true') return {}
  const hasRoot = given.has('sslrootcert')
  if (mode === 'verify-ca' && !hasRoot) {
    faults.add('sslmode', 'verify-ca needs the authority in sslrootcert; verify-full takes the public ones')
  }
  if (mode === 'prefer' || (mode === 'require' && !hasRoot)) return { rejectUnauthorized: false }
  // With a root certificate `require` is `verify-ca`: the certificate counts, the host name in it does not.
  if (mode === 'require' || mode === 'verify-ca') return { checkServerIdentity: () => undefined }
  return {}
}

function readFlag(text: string | undefined, faults: FaultList): PoolConfig['ssl'] {
  switch (text) {
    case undefined:
      return undefined
    case 'true':
    case '1':
      return true
    case 'false':
    case '0':
      return false
    case 'no-verify':
      return { rejectUnauthorized: false }
    default:
      faults.add('ssl', 'expected true, false, no-verify')
      return undefined
  }
}

function pathOf(name: keyof TlsFiles, path: string | undefined): TlsFiles {
  return path === undefined ? {} : { [name]: path }
}
