// A pooler in front of a server that refuses start-up options, as PgBouncer does: the first packet is read, the rest is
// passed on.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class StrictPooler {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  refused = 0

  private constructor(serverPort: number) {
    this.#server = createServer((socket) => {
      this.#keep(socket)
      socket.once('data', (startup) => {
        if (startup.includes('\0options\0')) this.#refuse(socket)
        else this.#passOn(socket, startup, serverPort)
      })
    })
  }

  static async open(serverPort: number): Promise<StrictPooler> {
    const pooler = new StrictPooler(serverPort)
    pooler.#server.listen(0, '127.0.0.1')
    await once(pooler.#server, 'listening')
    return pooler
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #refuse(socket: Socket): void {
    this.refused += 1
    const fields = 'SFATAL\0C08P01\0Munsupported startup parameter: options\0\0'
    const message = Buffer.alloc(5)
    message.write('E')
    message.writeInt32BE(4 + Buffer.byteLength(fields), 1)
    socket.end(Buffer.concat([message, Buffer.from(fields)]))
  }

  #passOn(socket: Socket, startup: Buffer, serverPort: number): void {
    const server = connect(serverPort, '127.0.0.1')
    this.#keep(server)
    server.write(startup)
    socket.pipe(server)
    server.pipe(socket)
    socket.on('close', () => server.destroy())
    server.on('close', () => socket.destroy())
  }
}
