// parseConnectionString: a connection string taken apart as libpq and pgjdbc do, for those who want to look before they
// connect. Opens nothing: a service or a password file that the text names is not read.
import { connectionHosts } from './config/connection-hosts.ts'
import { parseConnectionText } from './config/connection-string.ts'
import { describeValue, FaultList } from './config/fault-list.ts'
import type { HostEntry } from './config/resolved-hosts.ts'
import { ConfigError } from './errors.ts'

/** One host that would be tried. Without `hostaddr` the host is resolved; with it, that address is dialled. */
export type ConnectionHost = HostEntry

export interface ParsedConnectionString {
  readonly dialect: 'libpq-uri' | 'conninfo' | 'jdbc-url'
  /**
   * Decoded, as written, without defaults: by libpq's keyword, or in a JDBC URL by pgjdbc's property name. The password
   * is among them.
   */
  readonly parameters: Readonly<Record<string, string>>
  /** In the order of the text, duplicates included. */
  readonly hosts: readonly ConnectionHost[]
}

export interface ParseOptions {
  /** Where PGHOST, PGHOSTADDR and PGPORT are looked up for a text of libpq. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Takes a libpq URI, a keyword=value string or a JDBC URL apart, as libpq 18 and pgjdbc do. The values of parameters
 * are not judged, but for hosts and ports.
 *
 * @throws ConfigError with every fault that was found. It says where, and quotes nothing that may be a password.
 */
export function parseConnectionString(
  text: string,
  { env = process.env }: ParseOptions = {},
): ParsedConnectionString {
  const faults = new FaultList()
  if (typeof text !== 'string') {
    faults.add('connectionString', `${describeValue(text)} given, expected a string`)
    faults.throwIfAny()
  }
  const parsed = parseConnectionText(text, faults, { lenient: false })
  const hosts = parsed === undefined ? [] : connectionHosts(parsed, { env, faults })
  faults.throwIfAny()
  if (parsed === undefined || parsed.dialect === 'socket') throw new ConfigError([])
  const parameters = Object.fromEntries(
    Array.from(parsed.parameters, ([name, { value }]): [string, string] => [name, value]),
  )
  return Object.freeze({ dialect: parsed.dialect, parameters: Object.freeze(parameters), hosts })
}
