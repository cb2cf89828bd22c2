// What stands behind a client that chooses its node at its first statement: the statements that wait, the connection they
// run on, and the moves between connections. A statement that reads binds it to a standby; the first that does not moves
// it to the primary, for good, unless a transaction holds it where it is. Knows nothing of pg's client class.
import type { PoolClient } from 'pg'
import { classifyError } from '../failover/classify-error.ts'
import type { ClientTask } from './client-task.ts'
import type { Splitter } from './splitter.ts'

export type Place = 'standby' | 'primary'

/** A connection in the session's hands. */
export interface SessionLease {
  readonly client: PoolClient
  release(destroy?: Error | boolean): void
  /** Whether it may no longer be read from. */
  isStale?(): boolean
}

export interface RoutedSessionOptions {
  readonly splitter: Splitter
  acquire(place: Place, callback: (error: Error | undefined, lease: SessionLease | null) => void): void
  /** A connection was taken, or given back without the session being over. */
  onBind(client: PoolClient): void
  onUnbind(client: PoolClient): void
}

interface Bound {
  readonly place: Place
  readonly lease: SessionLease
  /** Statements given to it since it was last idle. */
  running: number
  isDead: boolean
  stopListening: () => void
}

interface Waiting extends ClientTask {
  /** Known once the grammar is. */
  place: Place | null
  hasMoved: boolean
}

export class RoutedSession {
  readonly #options: RoutedSessionOptions
  readonly #queue: Waiting[] = []
  #bound: Bound | null = null
  #isBinding = false
  #closing: { readonly destroy: Error | boolean | undefined } | null = null

  constructor(options: RoutedSessionOptions) {
    this.#options = options
  }

  get client(): PoolClient | null {
    return this.#bound?.lease.client ?? null
  }

  get isClosed(): boolean {
    return this.#closing !== null
  }

  /** The connection where all that follows can be given to it directly: it stays on the primary until the end. */
  get settled(): PoolClient | null {
    const bound = this.#bound
    return bound?.place === 'primary' && this.#queue.length === 0 ? bound.lease.client : null
  }

  add({ query, isOnce, context, run, settle }: ClientTask): void {
    this.#queue.push({ query, isOnce, context, run, settle, place: null, hasMoved: false })
    this.#goOn()
  }

  /** Gives the connection back once what was asked before has been given to it, as a pool's own client would. */
  close(destroy: Error | boolean | undefined): void {
    this.#closing = { destroy }
    this.#goOn()
  }

  #goOn(): void {
    while (!this.#isBinding) {
      const [next] = this.#queue
      if (next === undefined) {
        this.#finish()
        return
      }
      // Whoever's turn it is, what is sent for it is its own caller's doing.
      if (!next.context.runInAsyncScope(() => this.#serve(next))) return
    }
  }

  /** Whether the task has left the queue. */
  #serve(task: Waiting): boolean {
    const bound = this.#bound
    if (bound?.place === 'primary' || bound?.isDead) {
      this.#run(bound, task)
      return true
    }
    const place = this.#placeOf(task)
    if (place === null) return false
    if (bound === null) {
      this.#bind(place)
      return false
    }
    if (place === 'standby' && bound.running === 0 && !isInTransaction(bound.lease.client)) {
      if (bound.lease.isStale?.() === true) {
        this.#unbind(bound)
        this.#bind('standby')
        return false
      }
    }
    if (place === 'primary') {
      // What it should do depends on what those before it leave behind.
      if (bound.running > 0) return false
      if (!isInTransaction(bound.lease.client)) {
        this.#unbind(bound)
        this.#bind('primary')
        return false
      }
    }
    this.#run(bound, task)
    return true
  }

  #placeOf(task: Waiting): Place | null {
    if (task.place !== null) return task.place
    let isReady = false
    let isLater = false
    this.#options.splitter.whenReady((error) => {
      isReady = error === undefined
      if (isReady) task.place = this.#options.splitter.route(task.query).to
      if (!isLater) return
      if (error === undefined) this.#goOn()
      else this.#failAll(error)
    })
    isLater = true
    return isReady ? task.place : null
  }

  #bind(place: Place): void {
    this.#isBinding = true
    this.#options.acquire(place, (error, lease) => {
      this.#isBinding = false
      if (lease === null) {
        this.#failAll(error ?? new Error('No connection was had'))
        return
      }
      const bound: Bound = { place, lease, running: 0, isDead: false, stopListening: () => {} }
      this.#bound = bound
      this.#options.onBind(lease.client)
      this.#listen(bound)
      this.#goOn()
    })
  }

  #listen(bound: Bound): void {
    const { client } = bound.lease
    const onDrain = (): void => {
      bound.running = 0
      this.#goOn()
    }
    const onEnd = (): void => {
      // On a standby nothing is lost with it but a transaction: the next statement may find another.
      const isMissed = bound.place === 'primary' || bound.running > 0 || isInTransaction(client)
      if (isMissed) bound.isDead = true
      else this.#unbind(bound)
      this.#goOn()
    }
    client.on('drain', onDrain)
    client.on('end', onEnd)
    bound.stopListening = () => {
      client.removeListener('drain', onDrain)
      client.removeListener('end', onEnd)
    }
  }

  #run(bound: Bound, task: Waiting): void {
    this.#queue.shift()
    bound.running += 1
    const wasAlone = bound.running === 1 && !isInTransaction(bound.lease.client)
    task.run(bound.lease.client, (error, result) => {
      if (error && wasAlone && bound.place === 'standby' && !bound.isDead && this.#mayMove(task, error)) {
        this.#moveAfter(bound, task, error)
        return
      }
      // pg answers well when the server is ready again, but with an error before that.
      if (!error) bound.running -= 1
      task.settle(error, result)
    })
  }

  #mayMove(task: Waiting, error: Error): boolean {
    if (task.isOnce) {
      this.#options.splitter.refused(task.query, error)
      return false
    }
    if (task.hasMoved) return false
    const { kind } = classifyError(error)
    if (kind === 'conflict' || this.#options.splitter.refused(task.query, error) !== 'no') {
      task.place = 'primary'
      return true
    }
    return kind === 'connection'
  }

  /** Runs it once more elsewhere: on the primary, or wherever a connection is had if this one is lost. */
  #moveAfter(bound: Bound, task: Waiting, error: Error): void {
    const { client } = bound.lease
    task.hasMoved = true
    // Until the server is ready it is not known whether the statement itself has opened a transaction.
    const decide = (): void => {
      client.removeListener('drain', decide)
      client.removeListener('end', decide)
      if (bound.isDead || isInTransaction(client)) {
        task.settle(error)
        return
      }
      if (this.#bound === bound) this.#unbind(bound)
      this.#queue.unshift(task)
      this.#goOn()
    }
    // Before the listeners of the session itself, which would go on without it.
    client.prependListener('drain', decide)
    client.prependListener('end', decide)
  }

  #unbind(bound: Bound, destroy?: Error | boolean): void {
    this.#bound = null
    bound.stopListening()
    this.#options.onUnbind(bound.lease.client)
    bound.lease.release(destroy)
  }

  #failAll(error: Error): void {
    for (const task of this.#queue.splice(0)) task.settle(error)
    this.#goOn()
  }

  #finish(): void {
    if (this.#closing !== null && this.#bound !== null) this.#unbind(this.#bound, this.#closing.destroy)
  }
}

/** By what the server said when it was last ready. */
function isInTransaction(client: PoolClient): boolean {
  const status = client.getTransactionStatus()
  return status === 'T' || status === 'E'
}
