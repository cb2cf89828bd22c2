// The options pg gets for one node. Opens no file itself: certificates that the connection string names are read by a
// parameter.
import type { PoolConfig } from 'pg'
import type { Host } from '../topology/host.ts'
import { FaultList } from './fault-list.ts'
import type { Settings, TlsFiles } from './settings.ts'

/** The content of a file as text; throws as Node does. */
export type ReadFile = (path: string) => string

/**
 * A fresh object, with the password enumerable so that a copy keeps it: for pg's hands only, never for a message.
 *
 * @throws ConfigError for a certificate file that cannot be read.
 */
export function nodeOptions(settings: Settings, host: Host, readFile: ReadFile): PoolConfig {
  const { poolOptions, tlsFiles } = settings
  const options: PoolConfig = { ...poolOptions, host: host.host, port: host.port }
  if (poolOptions.password !== undefined) options.password = poolOptions.password
  if (tlsFiles !== undefined) options.ssl = { ...sslObject(options), ...readFiles(tlsFiles, readFile) }
  return options
}

const PARAMETERS = { cert: 'sslcert', key: 'sslkey', ca: 'sslrootcert' } as const

function readFiles(files: TlsFiles, readFile: ReadFile): TlsFiles {
  const faults = new FaultList()
  const contents: [string, string][] = []
  for (const name of ['cert', 'key', 'ca'] as const) {
    const path = files[name]
    if (path === undefined) continue
    try {
      contents.push([name, readFile(path)])
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
      faults.add(PARAMETERS[name], `the file cannot be read${code}`)
    }
  }
  faults.throwIfAny()
  return Object.fromEntries(contents)
}

function sslObject({ ssl }: PoolConfig): object {
  return typeof ssl === 'object' ? ssl : {}
}
