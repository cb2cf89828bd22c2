// What a connection's security demands of the way it is made: which encryptions to try in which order, and how the
// handshake is to be. Decides; the socket is another's.
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { TlsMode } from '../config/settings.ts'
import { assertNever } from '../topology/assert-never.ts'
import type { GuardPolicy } from './authentication-guard.ts'
import type { TlsMaterial } from './tls-files.ts'
import { ALPN, handshakeOptions } from './tls-handshake.ts'

export type Encryption = 'tls' | 'clear'

export interface Security {
  /** In the order in which they are tried on one address. */
  readonly attempts: readonly Encryption[]
  /** A server without TLS is talked to on the same connection, in the clear. */
  readonly goesOnInClear: boolean
  /** TLS begins at once, without being asked for. */
  readonly isDirect: boolean
  /** What to say of a server without TLS. */
  readonly withoutTls: string
  readonly handshake: (host: string) => ConnectionOptions
  readonly guard: GuardPolicy
}

const UNGUARDED: GuardPolicy = { requireAuth: undefined, channelBinding: 'prefer' }

/** By libpq's parameters. A socket of the file system is never encrypted, whatever they say. */
export function librarySecurity(material: TlsMaterial, { isLocal }: { isLocal: boolean }): Security {
  const { settings } = material
  return {
    attempts: isLocal ? ['clear'] : attemptsOf(settings.mode),
    goesOnInClear: settings.mode === 'prefer',
    isDirect: settings.negotiation === 'direct',
    withoutTls: 'server does not support SSL, but SSL was required',
    handshake: (host) => handshakeOptions(material, host),
    guard: { requireAuth: settings.requireAuth, channelBinding: settings.channelBinding },
  }
}

function attemptsOf(mode: TlsMode): readonly Encryption[] {
  switch (mode) {
    case 'disable':
      return ['clear']
    case 'allow':
      return ['clear', 'tls']
    case 'prefer':
      return ['tls', 'clear']
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return ['tls']
    default:
      return assertNever(mode)
  }
}

export interface DriverSsl {
  readonly ssl: boolean | ConnectionOptions | undefined
  readonly sslNegotiation: string | undefined
  readonly isLocal: boolean
}

/** By pg's own `ssl` option, with pg's meaning: what tls.connect verifies by default, against the host's name. */
export function driverSecurity({ ssl, sslNegotiation, isLocal }: DriverSsl): Security {
  const isDirect = sslNegotiation === 'direct'
  return {
    // pg asks a socket of the file system for TLS, too, and is told that there is none.
    attempts: ssl === undefined || ssl === false ? ['clear'] : ['tls'],
    goesOnInClear: false,
    isDirect,
    withoutTls: 'The server does not support SSL connections',
    handshake: (host) => ({
      ...(isLocal ? {} : { host }),
      ...(typeof ssl === 'object' && { ...ssl, ...hiddenKey(ssl) }),
      ...(isDirect && { ALPNProtocols: [ALPN] }),
      ...(!isLocal && isIP(host) === 0 && { servername: host }),
    }),
    guard: UNGUARDED,
  }
}

/** pg hides the key from sight: a copy would go without it. */
function hiddenKey(ssl: ConnectionOptions): ConnectionOptions {
  return ssl.key === undefined ? {} : { key: ssl.key }
}
