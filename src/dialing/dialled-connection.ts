// pg's Connection, but for the way it is made: the name, the socket, TLS and what a server may ask for at login are ours;
// from the first message on it is pg's own, over the real socket. Where it differs from libpq on purpose: once
// authentication has begun its failure is final (libpq would send the password again in the clear after it failed under
// TLS with sslmode=prefer), and an encryption is not given up for an error that says nothing of it (57P03, 53300).
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import pg from 'pg'
import { InsecureConnectionError } from '../errors.ts'
import { isAbstract } from '../topology/host.ts'
import { AuthenticationGuard } from './authentication-guard.ts'
import { type ConnectProgress, giveCause, notePhase } from './connect-phase.ts'
import { Dial, type DialOptions } from './dial.ts'
import { isRefusal, isUnrelatedToEncryption } from './first-answer.ts'
import { PendingStream } from './pending-stream.ts'
import type { Security } from './security.ts'
import { firstBytes } from './tls-handshake.ts'

/** The part of pg's class that its types leave out. */
interface PgConnection extends EventEmitter {
  stream: unknown
  ssl: unknown
  sslNegotiation: string | undefined
  // pg's client reads and sets these.
  _connecting: boolean
  _ending: boolean
  connect(port: number | string, host?: string): void
  attachListeners(stream: unknown): void
  sendSASLInitialResponseMessage(mechanism: string, response: string): void
}

const Base = pg.Connection as unknown as new (config: { readonly stream: unknown }) => PgConnection

/** What is settled before pg says where to. */
export interface DialledOptions
  extends Pick<DialOptions, 'lookup' | 'openStream' | 'timeoutMillis' | 'keepAlive'> {
  /** Dialled in place of the host's name; null: the name is looked up. */
  readonly address: string | null
  readonly securityFor: (connection: {
    readonly ssl: unknown
    readonly sslNegotiation: string | undefined
    readonly isLocal: boolean
  }) => Security
}

export class DialledConnection extends Base {
  readonly #options: DialledOptions
  readonly #pending: PendingStream
  readonly #onError = (error: Error): void => this.#streamFailed(error)
  readonly #onClose = (): void => this.#closed()
  #stage: 'new' | 'connecting' | 'failed' | 'ready' = 'new'
  #dial: Dial | null = null
  #guard: AuthenticationGuard | null = null
  #loggingIn = false
  #hasEnded = false

  constructor(options: DialledOptions) {
    const pending = new PendingStream()
    super({ stream: pending })
    this.#options = options
    this.#pending = pending
    this.#watch(pending)
  }

  /** How far the connect has come; null before it begins and once the server is ready. */
  get progress(): ConnectProgress | null {
    if (this.#dial === null || this.#stage === 'ready') return null
    const { progress } = this.#dial
    return this.#loggingIn ? { ...progress, phase: 'authentication' } : progress
  }

  override connect(port: number | string, host?: string): void {
    const socket = socketPath(port, host)
    const isLocal = socket !== null
    const { ssl, sslNegotiation } = this
    const security = this.#options.securityFor({ ssl, sslNegotiation, isLocal })
    const { address, ...options } = this.#options
    this._connecting = true
    this.#stage = 'connecting'
    const dial = new Dial({
      ...options,
      destination:
        socket === null
          ? { host: host ?? 'localhost', port: Number(port), address }
          : { host: socket, port: null, address: null },
      security,
    })
    this.#dial = dial
    // Never rejects: what goes wrong ends the stream.
    this.#run(dial, security).catch(this.#onError)
  }

  /** Nothing of the password goes out once something was found wrong. */
  override sendSASLInitialResponseMessage(mechanism: string, response: string): void {
    const objection = this.#guard?.objectionToMechanism(mechanism)
    if (objection === undefined) super.sendSASLInitialResponseMessage(mechanism, response)
    else this.#refuse(objection)
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (this.#stage === 'ready') return super.emit(event, ...args)
    return this.#emitBeforeReady(event, args)
  }

  /** After the first error only the end is told: pg would take a session that goes on all the same. */
  #emitBeforeReady(event: string | symbol, args: unknown[]): boolean {
    if (event === 'end') return super.emit(event, ...args)
    if (this.#stage === 'failed') return false
    if (event === 'error' || event === 'errorMessage') return this.#fail(event, args[0])
    const objection = typeof event === 'string' ? this.#guard?.objection(event) : undefined
    if (objection !== undefined) return this.#refuse(objection)
    if (event === 'readyForQuery') this.#becomeReady()
    return super.emit(event, ...args)
  }

  #fail(event: 'error' | 'errorMessage', error: unknown): boolean {
    const { progress } = this
    if (progress !== null) notePhase(error, { ...progress, ...(isTlsError(error) && { phase: 'tls' }) })
    const earlier = this.#dial?.firstFailure
    if (earlier !== undefined) giveCause(error, earlier)
    this.#stage = 'failed'
    const isHeard = this.listenerCount(event) > 0 && super.emit(event, error)
    ;(this.stream as Socket).destroy()
    return isHeard
  }

  #becomeReady(): void {
    this.#stage = 'ready'
    this.#dial = null
    this.#guard = null
  }

  #refuse(words: string): boolean {
    return this.emit('error', new InsecureConnectionError(words))
  }

  async #run(dial: Dial, security: Security): Promise<void> {
    let refusal: Buffer | null = null
    try {
      for (;;) {
        const { socket, isEncrypted } = await dial.open(this.#pending)
        if (this.#pending.destroyed) {
          socket.destroy()
          return
        }
        const answers = dial.hasAlternative
        this.#guard = new AuthenticationGuard(security.guard, { isEncrypted })
        this.#handOver(socket, { answers })
        if (!answers) return
        // A socket that ends while it is waited for is told of by its own listeners.
        const answer = await firstBytes(socket).catch(() => null)
        if (answer === null) return
        if (!isRefusal(answer) || isUnrelatedToEncryption(answer)) {
          this.#goOn(socket, answer)
          return
        }
        refusal = answer
        this.#takeBack(socket)
        dial.fallBack()
      }
    } catch (error) {
      this.#giveUp(error as Error, refusal)
    }
  }

  /** From here on pg talks to the socket; its first answer is waited for where another encryption could be tried. */
  #handOver(socket: Socket, { answers }: { answers: boolean }): void {
    this.stream = socket
    this.#loggingIn = true
    this.#watch(socket)
    if (!answers) this.attachListeners(socket)
    // Also without TLS: at 'connect' pg would look at its own ssl option.
    super.emit('sslconnect')
    if (!answers) socket.resume()
  }

  #goOn(socket: Socket, answer: Buffer): void {
    socket.unshift(answer)
    this.attachListeners(socket)
    socket.resume()
  }

  #takeBack(socket: Socket): void {
    socket.off('error', this.#onError).off('close', this.#onClose)
    this.stream = this.#pending
    this.#loggingIn = false
    this.#guard = null
    socket.destroy()
  }

  /** A server's refusal that no other encryption has bettered is told in its own words. */
  #giveUp(error: Error, refusal: Buffer | null): void {
    if (refusal !== null && this.#stage === 'connecting' && !this.#pending.destroyed) {
      const replay = new EventEmitter()
      this.attachListeners(replay)
      replay.emit('data', refusal)
    }
    this.#pending.destroy(error)
  }

  #watch(stream: EventEmitter): void {
    stream.on('error', this.#onError).on('close', this.#onClose)
  }

  #streamFailed(error: Error & { code?: string }): void {
    // As pg: what a server does after the goodbye is no error.
    if (this._ending && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) return
    this.emit('error', error)
  }

  #closed(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    // pg's own words, but with the step it came to beside them.
    if (this.#stage === 'connecting' && !this._ending) {
      this.emit('error', new Error('Connection terminated unexpectedly'))
    }
    this.emit('end')
  }
}

/** Null: it is TCP. pg itself makes the path of a directory; an abstract socket's begins with a NUL, which stands for '@'. */
function socketPath(port: number | string, host: string | undefined): string | null {
  if (typeof port === 'string') return port
  return host !== undefined && isAbstract(host) ? `\0${host.slice(1)}/.s.PGSQL.${port}` : null
}

/** TLS 1.3 tells of a client certificate that will not do only after the handshake. */
function isTlsError(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && code.startsWith('ERR_SSL')
}
