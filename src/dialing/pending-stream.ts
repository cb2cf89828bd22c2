// Stands where pg expects a connection's stream while the connect is under way and the socket changes or is not there
// yet. Whoever destroys it ends the connect at once. Knows nothing of what the connect does.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class PendingStream extends Duplex {
  /** Nothing of the application's is sent before the connect is over. */
  readonly bytesWritten = 0
  #socket: Socket | null = null
  #isRefed = true

  constructor() {
    super({
      read: () => {},
      write: (...[, , done]) => done(),
      // pg's goodbye to a connection that is none yet.
      final: (done) => {
        done()
        this.destroy()
      },
      destroy: (error, done) => {
        this.#socket?.destroy()
        done(error)
      },
    })
  }

  /** The socket that the connect goes on with. */
  carry(socket: Socket): void {
    this.#socket = socket
    if (this.destroyed) socket.destroy()
    else if (!this.#isRefed) socket.unref()
  }

  ref(): this {
    this.#isRefed = true
    this.#socket?.ref()
    return this
  }

  unref(): this {
    this.#isRefed = false
    this.#socket?.unref()
    return this
  }

  // pg sets these on a socket; here each socket gets them when it is opened.
  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }
}
