// One address that leads to different servers, as a VIP, a proxy or a DNS name does. New connections go where it points
// now; the old ones stay where they are.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class Switchboard {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: (connection: number) => number
  #connections = 0

  private constructor(target: (connection: number) => number) {
    this.#target = target
    this.#server = createServer((socket) => this.#plug(socket))
  }

  /** `target` gives the port for the n-th connection, counted from 0. */
  static async open(target: (connection: number) => number): Promise<Switchboard> {
    const board = new Switchboard(target)
    board.#server.listen(0, '127.0.0.1')
    await once(board.#server, 'listening')
    return board
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  pointTo(target: (connection: number) => number): void {
    this.#target = target
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #plug(socket: Socket): void {
    const upstream = connect(this.#target(this.#connections++), '127.0.0.1')
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  }
}
