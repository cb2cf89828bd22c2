// How the connections of one Pool are dialled: reads the TLS files once, and tells for each node whether its connections
// are ours to make or pg's own. A plain pool that asks for nothing special stays on pg's way.
import type { PoolConfig } from 'pg'
import type { Settings } from '../config/settings.ts'
import { isAbstract } from '../topology/host.ts'
import { dialledOptions } from './dialled-options.ts'
import { passwordFrom } from './password-file.ts'
import { TLS_FILES } from './system-files.ts'
import { readTlsFiles, type TlsFileAccess, type TlsMaterial } from './tls-files.ts'

/** pg hands the connection's parameters over and takes undefined, which its types leave out. */
type PasswordFunction = () => Promise<string>

export class Dialer {
  readonly #settings: Settings
  readonly #tls: TlsMaterial | undefined
  readonly #password: PoolConfig['password']

  /** @throws ConfigError with every fault of the TLS files. */
  constructor(settings: Settings, access: TlsFileAccess = TLS_FILES) {
    const { tls, passwordFile } = settings
    this.#settings = settings
    this.#tls = tls === undefined ? undefined : readTlsFiles(tls, access)
    this.#password =
      passwordFile === undefined ? undefined : (passwordFrom(passwordFile.path) as PasswordFunction)
  }

  /** `address` is dialled in place of the name in the options; null: the name is looked up for each connection. */
  options(options: PoolConfig, address: string | null): PoolConfig {
    const { monitored, lookup } = this.#settings
    if (this.#password !== undefined) options.password ??= this.#password
    // pg takes an abstract socket for a name.
    const isOther = (address !== null && address !== options.host) || isAbstract(options.host ?? '')
    const isOurs = monitored || lookup !== undefined || this.#tls !== undefined || isOther
    return isOurs ? dialledOptions(options, { address, lookup, tls: this.#tls }) : options
  }
}
