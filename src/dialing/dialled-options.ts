// Options of pg for one node, with what is needed to dial it beside them; and the connection made from those. Whoever
// makes a client gives pg's class what `withConnection` returns.
import type { Socket } from 'node:net'
import type { ClientBase, PoolConfig } from 'pg'
import type { LookupFunction, TlsMode } from '../config/settings.ts'
import type { ConnectProgress } from './connect-phase.ts'
import { DialledConnection } from './dialled-connection.ts'
import { type DriverSsl, driverSecurity, librarySecurity, type Security } from './security.ts'
import type { TlsMaterial } from './tls-files.ts'

export interface Dialing {
  /** Dialled in place of the host's name; null: the name is looked up when a connection is made. */
  readonly address: string | null
  readonly lookup?: LookupFunction | undefined
  /** Undefined: pg's own `ssl` option says what is to be encrypted. */
  readonly tls?: TlsMaterial | undefined
}

/** Where pool options keep how to dial. */
const DIALING = Symbol('pg-ha.dialing')

interface DialledConfig extends PoolConfig {
  readonly [DIALING]?: Dialing
  readonly connection?: unknown
}

/** A fresh object; the password stays as visible as it was. */
export function dialledOptions(options: PoolConfig, dialing: Dialing): PoolConfig {
  return copyWith(options, {
    [DIALING]: dialing,
    ...(dialing.tls !== undefined && driverOptions(dialing.tls)),
  })
}

/** What pg itself has to know, or must not be led to do. Its variables of the environment are overridden by these. */
function driverOptions({ settings }: TlsMaterial): object {
  return {
    ssl: ENCRYPTED.has(settings.mode),
    sslnegotiation: 'postgres',
    enableChannelBinding: settings.channelBinding !== 'disable' && settings.mode !== 'disable',
  }
}

/** What `client.ssl` shows: whether the session is sure to be encrypted. */
const ENCRYPTED: ReadonlySet<TlsMode> = new Set(['require', 'verify-ca', 'verify-full'])

/** The same options with a new connection, where they say how to dial and the application gives none of its own. */
export function withConnection(config: PoolConfig | undefined): PoolConfig | undefined {
  const { [DIALING]: dialing, connection } = (config ?? {}) as DialledConfig
  if (config === undefined || dialing === undefined || connection !== undefined) return config
  return copyWith(config, { connection: connectionFor(config, dialing) })
}

/** After pg's constructor: it alone knows what its `ssl` came to. */
export function adoptClient(client: ClientBase): void {
  const { connection, ssl, sslNegotiation } = client as unknown as DriverClient
  if (connection instanceof DialledConnection) Object.assign(connection, { ssl, sslNegotiation })
}

interface DriverClient {
  readonly connection: unknown
  readonly ssl: unknown
  readonly sslNegotiation: unknown
}

/** How far this client's connect has come; null when it is over, or was not dialled by us. */
export function phaseOf(client: ClientBase): ConnectProgress | null {
  const { connection } = client as unknown as DriverClient
  return connection instanceof DialledConnection ? connection.progress : null
}

function connectionFor(config: PoolConfig, { address, lookup, tls }: Dialing): DialledConnection {
  const { stream, keepAlive, keepAliveInitialDelayMillis, connectionTimeoutMillis } = config
  return new DialledConnection({
    address,
    lookup,
    openStream: stream === undefined ? undefined : () => streamOf(stream, config),
    timeoutMillis: connectionTimeoutMillis ?? 0,
    keepAlive: keepAlive === true ? { initialDelayMillis: keepAliveInitialDelayMillis ?? 0 } : null,
    securityFor: ({ ssl, sslNegotiation, isLocal }): Security =>
      tls === undefined
        ? driverSecurity({ ssl: ssl as DriverSsl['ssl'], sslNegotiation, isLocal })
        : librarySecurity(tls, { isLocal }),
  })
}

function streamOf(stream: NonNullable<PoolConfig['stream']>, config: PoolConfig): Socket {
  const open = stream as unknown
  const opened: unknown = typeof open === 'function' ? open(config) : open
  return opened as Socket
}

/** Hidden properties are copied, too, and stay hidden. */
export function copyWith(options: PoolConfig, more: object): PoolConfig {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(options))
  return Object.assign(copy, more)
}
