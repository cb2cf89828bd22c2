// TLS over a connected socket: the SSLRequest and its one-byte answer, and the handshake. Words as libpq's. Knows nothing
// of addresses, of trying again, or of what is said over the connection afterwards.
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { InsecureConnectionError } from '../errors.ts'
import { nameMismatch } from './certificate-name.ts'
import type { TlsMaterial } from './tls-files.ts'

/** Length 8 and the code 80877103: a client that asks whether TLS may begin. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/** Asks for TLS. `S`: the handshake may begin; `N`: the server has none. Rejects for anything else. */
export async function requestTls(socket: Socket): Promise<'S' | 'N'> {
  socket.write(SSL_REQUEST)
  const answer = await firstBytes(socket)
  const word = String.fromCharCode(answer[0] ?? 0)
  if (answer.length > 1 && (word === 'S' || word === 'N')) {
    // Somebody in between could have put it there, for us to take it for the server's after the handshake.
    throw new InsecureConnectionError('received unencrypted data after SSL response')
  }
  if (word === 'S' || word === 'N') return word
  if (word === 'E') throw new InsecureConnectionError('server sent an error response during SSL exchange')
  throw new InsecureConnectionError(`received invalid response to SSL negotiation: ${JSON.stringify(word)}`)
}

/** The next chunk; the socket is left as if nobody had listened. */
export function firstBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      socket.off('data', onData).off('error', onError).off('end', onEnd).off('close', onEnd)
      socket.pause()
      finish()
    }
    const onData = (chunk: Buffer): void => settle(() => resolve(chunk))
    const onError = (error: Error): void => settle(() => reject(error))
    const onEnd = (): void => settle(() => reject(new Error('Connection terminated unexpectedly')))
    socket.on('data', onData).on('error', onError).on('end', onEnd).on('close', onEnd)
    socket.resume()
  })
}

/** What a handshake is to be like for a host: by the parameters of libpq. */
export function handshakeOptions(
  { settings, context, verifies }: TlsMaterial,
  host: string,
): ConnectionOptions {
  const named = settings.sni && isIP(host) === 0
  return {
    secureContext: context,
    rejectUnauthorized: verifies,
    ...(named && { servername: host }),
    ...(settings.negotiation === 'direct' && { ALPNProtocols: [ALPN] }),
    checkServerIdentity: (_, certificate) => {
      if (settings.mode !== 'verify-full') return undefined
      const mismatch = nameMismatch(host, certificate)
      return mismatch === undefined ? undefined : new InsecureConnectionError(mismatch)
    },
  }
}

export const ALPN = 'postgresql'

/** Resolves once the handshake is over; `onSocket` is told of the new socket at once. */
export function shakeHands(
  socket: Socket,
  options: ConnectionOptions,
  onSocket: (secured: TLSSocket) => void,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({ ...options, socket })
    onSocket(secured)
    const settle = (finish: () => void): void => {
      secured.off('secureConnect', onSecure).off('error', onError).off('close', onClose)
      finish()
    }
    const onError = (error: Error): void => settle(() => reject(error))
    const onClose = (): void => settle(() => reject(new Error('Connection terminated unexpectedly')))
    const onSecure = (): void =>
      settle(() => {
        if (options.ALPNProtocols === undefined || secured.alpnProtocol === ALPN) resolve(secured)
        else reject(new InsecureConnectionError(NO_ALPN))
      })
    secured.on('secureConnect', onSecure).on('error', onError).on('close', onClose)
  })
}

const NO_ALPN = 'direct SSL connection was established without ALPN protocol negotiation extension'
