// Settings of TLS -> what Node needs for it: reads the files they name, or libpq's own under ~/.postgresql where those
// exist. Once per Pool; all faults at once. Unlike libpq, a file that is named and not there is a fault: it would have
// gone on without it, and checked less than was asked for.
import path from 'node:path'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { FaultList } from '../config/fault-list.ts'
import type { TlsSettings } from '../config/settings.ts'
import { type FileStatus, readKey } from './private-key.ts'

/** The outside world: each throws as Node's synchronous function of that name does. */
export interface TlsFileAccess {
  readFile(path: string): Buffer
  readFolder(path: string): readonly string[]
  /** Where permission bits say nothing (Windows) it gives 0600. */
  stat(path: string): FileStatus
  /** Where libpq keeps its standard files: ~/.postgresql, or %APPDATA%\\postgresql; null: nowhere. */
  postgresFolder(): string | null
}

/** Settings, and what was read for them. Safe to share between connections. */
export interface TlsMaterial {
  readonly settings: TlsSettings
  readonly context: SecureContext
  /** Whether there is an authority to check certificates against: then they are, in every mode, as in libpq. */
  readonly verifies: boolean
}

/**
 * @throws ConfigError for files that are missing, cannot be read, or do not hold what they should.
 */
export function readTlsFiles(settings: TlsSettings, access: TlsFileAccess): TlsMaterial {
  const faults = new FaultList()
  const options: SecureContextOptions = {
    ...(settings.minVersion !== undefined && { minVersion: settings.minVersion }),
    ...(settings.maxVersion !== undefined && { maxVersion: settings.maxVersion }),
  }
  if (settings.mode === 'disable') return { settings, context: createSecureContext({}), verifies: false }
  const reader = new Reader(access, faults)
  const verifies = readAuthorities({ settings, reader, options, faults })
  readIdentity({ settings, reader, options, faults })
  const context = makeContext(options, faults)
  faults.throwIfAny()
  if (context === undefined) throw new Error('A TLS context was expected')
  return { settings, context, verifies }
}

interface Reading {
  readonly settings: TlsSettings
  readonly reader: Reader
  readonly options: SecureContextOptions
  readonly faults: FaultList
}

/** Whether certificates are checked. */
function readAuthorities({ settings, reader, options, faults }: Reading): boolean {
  const { mode, rootCert } = settings
  if (settings.neverVerify === true) return false
  const root = rootCert === 'system' ? undefined : reader.read('sslrootcert', rootCert, 'root.crt')
  const lists = [
    reader.read('sslcrl', settings.crl, 'root.crl'),
    ...(settings.crlDir === undefined ? [] : reader.readAll('sslcrldir', settings.crlDir)),
  ].filter((list) => list !== undefined)
  if (rootCert !== 'system' && root === undefined) {
    if ((mode === 'verify-ca' || mode === 'verify-full') && rootCert === undefined) {
      faults.add('sslrootcert', missingRoot(mode, reader.standard('root.crt')))
    }
    return false
  }
  if (root !== undefined) options.ca = root
  // Node reads the first list of a text only.
  const crl = lists.flatMap((list) => list.toString('latin1').match(CRL_BLOCK) ?? [list.toString('latin1')])
  if (crl.length > 0) options.crl = crl
  return true
}

const CRL_BLOCK = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g

function missingRoot(mode: string, expected: string | null): string {
  const what =
    expected === null
      ? 'there is no home directory to look for root.crt in'
      : `root certificate file "${expected}" does not exist`
  return `${what}, and sslmode=${mode} needs one: provide the file or sslrootcert, use the system's trusted roots with sslrootcert=system, or change sslmode to disable server certificate verification`
}

function readIdentity({ settings, reader, options, faults }: Reading): void {
  if (settings.certMode === 'disable') return
  if (settings.certMode === 'require') {
    const why = 'require cannot be kept: Node does not tell whether the server asked for a certificate'
    faults.add('sslcertmode', `${why}; use allow, and a cert line in the server's pg_hba.conf`)
    return
  }
  const cert = reader.read('sslcert', settings.cert, 'postgresql.crt')
  if (cert === undefined) return
  const keyPath = settings.key ?? reader.standard('postgresql.key')
  const status = keyPath === null ? undefined : reader.status(keyPath)
  if (keyPath === null || status === undefined) {
    faults.add('sslkey', `certificate present, but not private key file "${keyPath ?? 'postgresql.key'}"`)
    return
  }
  const key = readKey({
    path: keyPath,
    status,
    passphrase: settings.keyPassword,
    read: () => reader.read('sslkey', keyPath, ''),
    faults,
  })
  if (key === undefined) return
  Object.assign(options, { cert, key })
}

function makeContext(options: SecureContextOptions, faults: FaultList): SecureContext | undefined {
  try {
    return createSecureContext(options)
  } catch (error) {
    faults.add('tls', `the certificates cannot be used: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

class Reader {
  readonly #access: TlsFileAccess
  readonly #faults: FaultList

  constructor(access: TlsFileAccess, faults: FaultList) {
    this.#access = access
    this.#faults = faults
  }

  /** libpq's own place for it. */
  standard(name: string): string | null {
    const folder = this.#access.postgresFolder()
    return folder === null ? null : path.join(folder, name)
  }

  /** The file given, else the standard one where it exists. */
  read(option: string, given: string | undefined, standard: string): Buffer | undefined {
    const file = given ?? this.standard(standard)
    if (file === null) return undefined
    return this.#try(option, { file, mayBeMissing: given === undefined }, () => this.#access.readFile(file))
  }

  readAll(option: string, folder: string): readonly Buffer[] {
    const names = this.#try(option, { file: folder, mayBeMissing: false }, () =>
      this.#access.readFolder(folder),
    )
    return (names ?? [])
      .map((name) => this.read(option, path.join(folder, name), ''))
      .filter((content) => content !== undefined)
  }

  status(file: string): FileStatus | undefined {
    try {
      return this.#access.stat(file)
    } catch {
      return undefined
    }
  }

  #try<T>(
    option: string,
    { file, mayBeMissing }: { file: string; mayBeMissing: boolean },
    look: () => T,
  ): T | undefined {
    try {
      return look()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
      if (!(isMissing && mayBeMissing)) {
        this.#faults.add(option, `the file "${file}" cannot be read (${code})`)
      }
      return undefined
    }
  }
}
