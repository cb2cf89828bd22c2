// One direction of a proxied connection: bytes, end and reset, in order, held back by silence or delay. Knows
// nothing of the other direction.

import type net from 'node:net'

/** How a proxy treats its connections now; the proxy changes it, lanes read it. */
export interface LinkCondition {
  readonly isSilent: boolean
  readonly delayMillis: number
  /** 0: as fast as it comes. */
  readonly bytesPerSecond: number
}

type Parcel = { readonly dueMillis: number } & (
  | { readonly kind: 'data'; readonly chunk: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
)

const maxQueuedBytes = 1 << 20

export class ProxyLane {
  readonly #from: net.Socket
  readonly #to: net.Socket
  readonly #condition: LinkCondition
  #queue: Parcel[] = []
  #queuedBytes = 0
  #lastDueMillis = 0
  #timer: NodeJS.Timeout | undefined

  constructor(from: net.Socket, to: net.Socket, condition: LinkCondition) {
    this.#from = from
    this.#to = to
    this.#condition = condition
    from.on('data', (chunk: Buffer) => {
      this.#queuedBytes += chunk.length
      this.#queue.push({ kind: 'data', chunk, dueMillis: this.#dueMillis(chunk.length) })
      this.pump()
    })
    from.on('end', () => {
      this.#queue.push({ kind: 'end', dueMillis: this.#dueMillis() })
      this.pump()
    })
    from.on('error', () => {
      this.#queue.push({ kind: 'reset', dueMillis: this.#dueMillis() })
      this.pump()
    })
    to.on('drain', () => this.#openOrCloseInlet())
  }

  /** Passes on whatever may pass now. To be called when the link's condition has changed. */
  pump(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (!this.#condition.isSilent) {
      const parcel = this.#queue[0]
      if (parcel === undefined) break
      const waitMillis = parcel.dueMillis - performance.now()
      if (waitMillis > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(waitMillis))
        this.#timer.unref()
        break
      }
      this.#queue.shift()
      this.#deliver(parcel)
    }
    this.#openOrCloseInlet()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#queue = []
    this.#queuedBytes = 0
  }

  #dueMillis(bytes = 0): number {
    const { delayMillis, bytesPerSecond } = this.#condition
    const isSlow = delayMillis > 0 || bytesPerSecond > 0
    if (isSlow) {
      // Never before an earlier parcel, even when the delay was shortened in between.
      this.#lastDueMillis = Math.max(this.#lastDueMillis, performance.now() + delayMillis)
      if (bytesPerSecond > 0) this.#lastDueMillis += (bytes * 1000) / bytesPerSecond
    }
    return this.#queue.length === 0 && !isSlow ? 0 : this.#lastDueMillis
  }

  #deliver(parcel: Parcel): void {
    if (parcel.kind === 'data') this.#queuedBytes -= parcel.chunk.length
    if (this.#to.destroyed) return
    if (parcel.kind === 'data') this.#to.write(parcel.chunk)
    else if (parcel.kind === 'end') this.#to.end()
    else resetSocket(this.#to)
  }

  // What is not read stays in the sender's and our kernel buffers, so a silent link fills up as a real one does.
  #openOrCloseInlet(): void {
    if (this.#from.destroyed) return
    const mayRead =
      !this.#condition.isSilent && !this.#to.writableNeedDrain && this.#queuedBytes < maxQueuedBytes
    if (mayRead) this.#from.resume()
    else this.#from.pause()
  }
}

/**
 * Ends a connection with RST where the system allows it. While an orderly end is on its way it does not, and Node then
 * loses the socket without closing it: the process would spin for ever when it ends.
 */
export function resetSocket(socket: net.Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}
