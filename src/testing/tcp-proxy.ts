// A small TCP proxy in front of one server on loopback, in this process: refuses while the server is down, and can
// fall silent, delay and reset. Knows nothing of PostgreSQL.

import net from 'node:net'
import type { LinkCondition } from './proxy-lane.ts'
import { ProxyLane, resetSocket } from './proxy-lane.ts'
import { waitUntil } from './wait-until.ts'

const relistenMillis = 5000

/** Which way bytes are lost: what clients send, what servers answer, or both. */
export type Direction = 'both' | 'toServer' | 'toClient'

export class TcpProxy {
  readonly host: string
  readonly port: number
  readonly #targetPort: number
  readonly #toServer = { isSilent: false, delayMillis: 0, bytesPerSecond: 0 }
  readonly #toClient = { isSilent: false, delayMillis: 0, bytesPerSecond: 0 }
  readonly #connections = new Set<ProxiedConnection>()
  #server: net.Server | undefined
  #isServerUp = false
  #isClosed = false
  #settled: Promise<void> = Promise.resolve()

  constructor(options: { host: string; port: number; targetPort: number }) {
    this.host = options.host
    this.port = options.port
    this.#targetPort = options.targetPort
  }

  /** The server listens: accept connections for it. */
  admit(): Promise<void> {
    this.#isServerUp = true
    return this.#settle()
  }

  /** The server is down: refuse new connections. What is open ends as the server ends it. */
  refuse(): Promise<void> {
    this.#isServerUp = false
    return this.#settle()
  }

  /** Silence: nothing passes that way, not even an end or a reset, and new connections are accepted but mute. */
  blackhole(direction: Direction = 'both'): Promise<void> {
    this.#toServer.isSilent = direction !== 'toClient'
    this.#toClient.isSilent = direction !== 'toServer'
    this.#pump()
    return this.#settle()
  }

  /** Ends the silence: what was kept back flows, as TCP would send it again. */
  heal(): Promise<void> {
    this.#toServer.isSilent = false
    this.#toClient.isSilent = false
    this.#pump()
    return this.#settle()
  }

  /** Latency added to each direction, in ms; 0 for none. The TCP handshake itself is not delayed. */
  delay(millis: number): void {
    this.#toServer.delayMillis = millis
    this.#toClient.delayMillis = millis
  }

  /** How much passes at most on each connection and in each direction; 0 for no bound. */
  throttle(bytesPerSecond: number): void {
    this.#toServer.bytesPerSecond = bytesPerSecond
    this.#toClient.bytesPerSecond = bytesPerSecond
  }

  /** Resets (RST) every open connection, towards the client and towards the server. */
  reset(): void {
    for (const connection of this.#connections) connection.reset()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#settle()
    this.reset()
  }

  #pump(): void {
    for (const connection of this.#connections) connection.pump()
  }

  // One change after another, each looking at what is wanted by then: quick reversals cannot overtake each other.
  #settle(): Promise<void> {
    this.#closeListenerUnlessWanted()
    const next = this.#settled.then(async () => {
      this.#closeListenerUnlessWanted()
      if (this.#isListenerWanted()) await this.#listen()
      this.#closeListenerUnlessWanted()
    })
    this.#settled = next.catch(() => {})
    return next
  }

  #isListenerWanted(): boolean {
    // A host that is cut off is silent whether its server runs or not.
    const isSilent = this.#toServer.isSilent || this.#toClient.isSilent
    return !this.#isClosed && (this.#isServerUp || isSilent)
  }

  #closeListenerUnlessWanted(): void {
    if (this.#isListenerWanted()) return
    this.#server?.close()
    this.#server = undefined
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    )
    // A stranger's outgoing connection may sit on the port for a moment.
    await waitUntil(() => tryListen(server, this), {
      what: `Listening again on ${this.host}:${this.port}`,
      millis: relistenMillis,
    })
    server.unref()
    this.#server = server
  }

  #accept(client: net.Socket): void {
    const connection: ProxiedConnection = new ProxiedConnection({
      client,
      target: { host: this.host, port: this.#targetPort },
      toServer: this.#toServer,
      toClient: this.#toClient,
      onClose: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    connection.pump()
  }
}

function tryListen(server: net.Server, at: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    server.once('error', onError)
    server.listen({ host: at.host, port: at.port, exclusive: true }, () => {
      server.off('error', onError)
      resolve(true)
    })
  })
}

interface ProxiedConnectionOptions {
  readonly client: net.Socket
  readonly target: { readonly host: string; readonly port: number }
  readonly toServer: LinkCondition
  readonly toClient: LinkCondition
  readonly onClose: () => void
}

class ProxiedConnection {
  readonly #client: net.Socket
  readonly #server = new net.Socket({ allowHalfOpen: true })
  readonly #lanes: readonly ProxyLane[]
  readonly #options: ProxiedConnectionOptions
  #isConnectStarted = false

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#lanes = [
      new ProxyLane(this.#client, this.#server, options.toServer),
      new ProxyLane(this.#server, this.#client, options.toClient),
    ]
    for (const socket of [this.#client, this.#server]) {
      socket.unref()
      socket.once('close', () => {
        if (this.#client.destroyed && this.#server.destroyed) this.#close()
      })
    }
  }

  pump(): void {
    // A connection accepted in silence meets its server when the silence ends.
    if (!this.#isConnectStarted && !this.#options.toServer.isSilent) {
      this.#isConnectStarted = true
      this.#server.connect({ ...this.#options.target, noDelay: true })
      this.#server.unref()
    }
    for (const lane of this.#lanes) lane.pump()
  }

  reset(): void {
    resetSocket(this.#client)
    resetSocket(this.#server)
    this.#close()
  }

  #close(): void {
    for (const lane of this.#lanes) lane.close()
    this.#options.onClose()
  }
}
