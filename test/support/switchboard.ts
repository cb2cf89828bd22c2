// One address that leads to different servers, as a VIP, a proxy or a DNS name does. New connections go where it points
// now; the old ones stay where they are.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class Switchboard {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: (connection: number) => number
  readonly #clients = new Set<Socket>()
  #connections = 0
  #held: { readonly count: number; readonly sockets: Socket[] } | null = null

  private constructor(target: (connection: number) => number) {
    this.#target = target
    this.#server = createServer((socket) => this.#admit(socket))
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

  /** The address is on another host from now on, which resets what it knows nothing of: only who speaks hears of it. */
  strand(): void {
    for (const socket of this.#clients) {
      socket.unpipe()
      socket.once('data', () => socket.resetAndDestroy()).resume()
    }
  }

  /** Takes connections without a word until so many are waiting, then serves them. */
  hold(count: number): void {
    this.#held = { count, sockets: [] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #admit(socket: Socket): void {
    if (this.#held === null) {
      this.#plug(socket)
      return
    }
    const { count, sockets } = this.#held
    this.#sockets.add(socket)
    socket.on('error', () => {})
    if (sockets.push(socket) < count) return
    this.#held = null
    for (const each of sockets) this.#plug(each)
  }

  #plug(socket: Socket): void {
    this.#clients.add(socket)
    socket.on('close', () => this.#clients.delete(socket))
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
