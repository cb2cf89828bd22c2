// Opens a socket to one node: looks its name up, goes through its addresses in order and through the encryptions its
// security allows. Knows nothing of pg.

import { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { LookupFunction } from '../config/settings.ts'
import { type ConnectPhase, InsecureConnectionError } from '../errors.ts'
import { type ConnectProgress, giveCause, notePhase } from './connect-phase.ts'
import { lookUp } from './name-lookup.ts'
import type { PendingStream } from './pending-stream.ts'
import type { Encryption, Security } from './security.ts'
import { requestTls, shakeHands } from './tls-handshake.ts'

export interface Destination {
  /** The name of the node, which a certificate has to carry; the path of a socket of the file system. */
  readonly host: string
  /** Null for a path. */
  readonly port: number | null
  /** Dialled in place of the name; null: the name is looked up. */
  readonly address: string | null
}

export interface DialOptions {
  readonly destination: Destination
  readonly security: Security
  readonly lookup: LookupFunction | undefined
  /** The application's own stream, which finds its way by itself; undefined: a socket of ours. */
  readonly openStream: (() => Socket) | undefined
  /** How long the whole connect may take; 0: it is not bounded. Others end it: here it is divided among addresses. */
  readonly timeoutMillis: number
  /** Null: the system's silence. */
  readonly keepAlive: { readonly initialDelayMillis: number } | null
}

export interface Opened {
  readonly socket: Socket
  readonly isEncrypted: boolean
}

interface Failure extends ConnectProgress {
  readonly error: Error
}

/** Where there are several addresses and no bound is set, how long one may take before the next is tried. */
const ONE_OF_SEVERAL_MILLIS = 2000

export class Dial {
  readonly #options: DialOptions
  readonly #startedAt = performance.now()
  readonly #failures: Failure[] = []
  #addresses: readonly string[] | null = null
  #address = 0
  #attempt = 0
  #opened: Encryption | null = null
  #phase: ConnectPhase = 'lookup'

  constructor(options: DialOptions) {
    this.#options = options
  }

  get progress(): ConnectProgress {
    const elapsedMillis = performance.now() - this.#startedAt
    const address = this.#addresses?.[this.#address] ?? null
    // An abstract socket's path begins with a NUL.
    return { phase: this.#phase, address: address?.replace('\0', '@') ?? null, elapsedMillis }
  }

  /** The first thing that went wrong on the way to where it is now. */
  get firstFailure(): Error | undefined {
    return this.#failures[0]?.error
  }

  /** Whether the address has an encryption left to try, should the server refuse the one that was opened. */
  get hasAlternative(): boolean {
    const { security, openStream } = this.#options
    if (openStream !== undefined) return false
    const next = security.attempts[this.#attempt + 1]
    return next !== undefined && next !== this.#opened
  }

  /** The next socket that is fit for the startup message. Rejects when there is none left. */
  async open(pending: PendingStream): Promise<Opened> {
    const addresses = this.#addresses ?? (await this.#findAddresses())
    this.#addresses = addresses
    let failed = this.#failures.at(-1)
    while (this.#address < addresses.length && !pending.destroyed) {
      const address = addresses[this.#address] ?? ''
      const encryption = this.#options.security.attempts[this.#attempt]
      if (encryption === undefined) {
        this.#goToNextAddress()
        continue
      }
      try {
        return await this.#openOne({ address, encryption, pending })
      } catch (error) {
        failed = this.#note(error)
        // Where nobody listens, or nobody answers, encryption makes no difference.
        if (failed.phase === 'tcp' || codeOf(failed.error) === 'ETIMEDOUT') this.#goToNextAddress()
        else this.#attempt += 1
      }
    }
    // What was tried last is what is told of.
    this.#address = Math.max(0, addresses.length - 1)
    if (failed !== undefined) this.#phase = failed.phase
    throw this.#summary()
  }

  /** The server refused the encryption that was opened: the next `open` tries the other. */
  fallBack(): void {
    this.#attempt += 1
  }

  async #findAddresses(): Promise<readonly string[]> {
    const { destination, lookup, openStream } = this.#options
    const { host, port, address } = destination
    // A stream of the application's takes the name.
    if (port === null || openStream !== undefined) return [host]
    return address === null ? lookUp(host, lookup) : [address]
  }

  #goToNextAddress(): void {
    this.#address += 1
    this.#attempt = 0
  }

  async #openOne(way: { address: string; encryption: Encryption; pending: PendingStream }): Promise<Opened> {
    const { security, destination } = this.#options
    const { address, encryption, pending } = way
    this.#phase = 'tcp'
    const socket = this.#makeSocket()
    pending.carry(socket)
    let current = socket
    const limit = this.#limitMillis()
    const timer = limit === null ? null : setTimeout(() => current.destroy(timedOut(address)), limit)
    try {
      await this.#connect(socket, address)
      this.#opened = encryption
      if (encryption === 'clear') return { socket, isEncrypted: false }
      this.#phase = 'tls'
      if (!security.isDirect && (await requestTls(socket)) === 'N') {
        this.#opened = 'clear'
        if (security.goesOnInClear) return { socket, isEncrypted: false }
        throw new InsecureConnectionError(security.withoutTls)
      }
      const secured = await shakeHands(socket, security.handshake(destination.host), (replacing) => {
        current = replacing
        replacing.on('error', ignore)
        pending.carry(replacing)
      })
      return { socket: secured, isEncrypted: true }
    } catch (error) {
      current.destroy()
      throw error
    } finally {
      if (timer !== null) clearTimeout(timer)
    }
  }

  #makeSocket(): Socket {
    const socket = this.#options.openStream?.() ?? new Socket()
    // Whoever waits for it is told; nobody else has to hear of it.
    socket.on('error', ignore)
    return socket
  }

  #connect(socket: Socket, address: string): Promise<void> {
    const { destination, keepAlive } = this.#options
    const { port } = destination
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        socket.off('connect', onConnect).off('error', onError).off('close', onClose)
        finish()
      }
      const onConnect = (): void => {
        if (keepAlive !== null) socket.setKeepAlive(true, keepAlive.initialDelayMillis)
        settle(resolve)
      }
      const onError = (error: Error): void => settle(() => reject(error))
      const onClose = (): void => settle(() => reject(new Error('Connection terminated unexpectedly')))
      socket.on('connect', onConnect).on('error', onError).on('close', onClose)
      socket.setNoDelay(true)
      if (port === null) socket.connect(address)
      else socket.connect(port, address)
    })
  }

  /** The time left, divided evenly among the addresses left; null: no bound of its own. */
  #limitMillis(): number | null {
    const left = (this.#addresses?.length ?? 1) - this.#address
    if (left <= 1) return null
    const { timeoutMillis } = this.#options
    if (timeoutMillis === 0) return ONE_OF_SEVERAL_MILLIS
    const elapsedMillis = performance.now() - this.#startedAt
    return Math.max(1, (timeoutMillis - elapsedMillis) / left)
  }

  #note(thrown: unknown): Failure {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const failure = { error, ...this.progress }
    notePhase(error, failure)
    this.#failures.push(failure)
    return failure
  }

  #summary(): Error {
    const [first] = this.#failures
    const last = this.#failures.at(-1)
    if (first === undefined || last === undefined) return new Error('Connection terminated unexpectedly')
    if (first === last) return last.error
    if (this.#addresses?.length === 1) {
      giveCause(last.error, first.error)
      return last.error
    }
    const errors = this.#failures.map(({ error }) => error)
    const text = this.#failures.map(describe).join(', ')
    const code = codeOf(first.error)
    return Object.assign(new AggregateError(errors, text), code === undefined ? {} : { code })
  }
}

function describe({ phase, address, error, elapsedMillis }: Failure): string {
  return `${phase} ${address} ${codeOf(error) ?? error.message} after ${Math.round(elapsedMillis)} ms`
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

function timedOut(address: string): Error {
  return Object.assign(new Error(`connect ETIMEDOUT ${address}`), { code: 'ETIMEDOUT', address })
}

function ignore(): void {}
