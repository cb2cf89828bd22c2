// A pool's client that chooses its node at its first statement: to whoever holds it, a pg client like any other. Libraries
// take a client before they know what they will ask of it.
import { EventEmitter } from 'node:events'
import pg, { type ClientBase, type PoolClient } from 'pg'
import type { Release } from '../config/pool-engine.ts'
import { clientTask } from './client-task.ts'
import { RoutedSession, type RoutedSessionOptions } from './routed-session.ts'
import { type QueryInput, routeOption } from './splitter.ts'

export interface RoutedClientOptions extends Omit<RoutedSessionOptions, 'onBind' | 'onUnbind'> {
  /** What it shows of the server before it has one: host, port, user, database, ssl. */
  readonly shown: Readonly<Record<string, unknown>>
}

/** Passed on from the connection to whoever listens here. */
const EVENTS = ['error', 'end', 'notice', 'notification', 'drain'] as const

/** Read from the connection where there is one. */
const PROPERTIES = [
  ...[
    'processID',
    'secretKey',
    'connection',
    'connectionParameters',
    'host',
    'port',
    'user',
    'database',
    'ssl',
  ],
  ...[
    'password',
    'replication',
    'binary',
    'pipeline',
    'readyForQuery',
    'activeQuery',
    'queryQueue',
    'hasExecuted',
  ],
]

type TypeParser = (...args: unknown[]) => unknown

class RoutedClient extends EventEmitter {
  readonly #session: RoutedSession
  readonly #shown: Readonly<Record<string, unknown>>
  readonly #stops = new WeakMap<PoolClient, () => void>()
  readonly #typeParsers: unknown[][] = []
  #refs: 'ref' | 'unref' | null = null
  #isReleased = false

  constructor({ shown, ...options }: RoutedClientOptions) {
    super()
    this.#shown = shown
    this.#session = new RoutedSession({
      ...options,
      onBind: (client) => this.#adopt(client),
      onUnbind: (client) => this.#stops.get(client)?.(),
    })
  }

  static {
    for (const name of PROPERTIES) {
      const get = function (this: RoutedClient): unknown {
        return this.#show(name)
      }
      Object.defineProperty(RoutedClient.prototype, name, { get, configurable: true })
    }
  }

  query(query: unknown, values?: unknown, callback?: unknown): unknown {
    const { settled } = this.#session
    if (settled !== null) return (settled.query as (...args: unknown[]) => unknown)(query, values, callback)
    routeOption(query as QueryInput)
    const { task, result } = clientTask(query as QueryInput, values, callback)
    if (this.#isReleased) process.nextTick(task.settle, new Error('Client was released and is not queryable'))
    else this.#session.add(task)
    return result
  }

  readonly release: Release = (destroy) => {
    if (this.#isReleased) {
      throw new Error('Release called on client which has already been released to the pool.')
    }
    this.#isReleased = true
    this.#session.close(destroy)
  }

  connect(callback?: (error: Error) => void): Promise<never> | undefined {
    const error = new Error('Client has already been connected. You cannot reuse a client.')
    if (callback === undefined) return Promise.reject(error)
    process.nextTick(callback, error)
    return undefined
  }

  end(callback?: (error?: Error) => void): Promise<void> | undefined {
    const { client } = this.#session
    if (client !== null) return (client.end as (done?: unknown) => Promise<void> | undefined)(callback)
    if (!this.#isReleased) this.release(true)
    if (callback === undefined) return Promise.resolve()
    process.nextTick(callback)
    return undefined
  }

  getTransactionStatus(): unknown {
    return this.#session.client?.getTransactionStatus() ?? 'I'
  }

  setTypeParser(...args: unknown[]): void {
    this.#typeParsers.push(args)
    const { client } = this.#session
    if (client !== null) setTypeParser(client, args)
  }

  getTypeParser(...args: Parameters<ClientBase['getTypeParser']>): unknown {
    const set = this.#typeParsers.findLast(
      ([oid, format]) => oid === args[0] && isSameFormat(format, args[1]),
    )
    if (set !== undefined) return set.at(-1)
    return (this.#session.client ?? pg.types).getTypeParser(...args)
  }

  cancel(client: unknown, query: unknown): void {
    const bound = this.#session.client as unknown as { cancel(client: unknown, query: unknown): void } | null
    bound?.cancel(client, query)
  }

  ref(): void {
    this.#refs = 'ref'
    countable(this.#session.client)?.ref()
  }

  unref(): void {
    this.#refs = 'unref'
    countable(this.#session.client)?.unref()
  }

  #adopt(client: PoolClient): void {
    for (const args of this.#typeParsers) setTypeParser(client, args)
    if (this.#refs !== null) countable(client)?.[this.#refs]()
    const listeners = EVENTS.map((event) => {
      const listener = (...args: unknown[]): void => {
        // An error that nobody listens to has been told to the statement under way.
        if (this.listenerCount(event) > 0) this.emit(event, ...args)
      }
      client.on(event as 'drain', listener)
      return () => client.removeListener(event, listener)
    })
    this.#stops.set(client, () => {
      for (const stop of listeners) stop()
    })
  }

  #show(name: string): unknown {
    const client = this.#session.client as unknown as Record<string, unknown> | null
    return client === null ? this.#shown[name] : client[name]
  }
}

function setTypeParser(client: PoolClient, args: unknown[]): void {
  ;(client.setTypeParser as TypeParser)(...args)
}

/** pg's types leave them out. */
function countable(client: PoolClient | null): { ref(): void; unref(): void } | null {
  return client as unknown as { ref(): void; unref(): void } | null
}

/** pg takes the format as 'text' where a function stands in its place. */
function isSameFormat(set: unknown, asked: unknown): boolean {
  const format = typeof set === 'string' ? set : 'text'
  return format === (asked ?? 'text')
}

type RoutedClientClass = new (options: RoutedClientOptions) => RoutedClient

const made = new WeakMap<object, RoutedClientClass>()

/**
 * A routed client that is an instance of the client class the pool uses: of `pg.Client`, or of the application's own, whose
 * further methods work through `query`.
 */
export function routedClient(Base: object, options: RoutedClientOptions): PoolClient {
  let Class = made.get(Base)
  if (Class === undefined) {
    Class = class extends RoutedClient {}
    // Under its own methods those of the base: without its constructor, which would make a socket.
    const own = Object.getOwnPropertyDescriptors(RoutedClient.prototype)
    const prototype = Object.create((Base as { prototype: object }).prototype, own)
    Object.setPrototypeOf(Class.prototype, prototype)
    made.set(Base, Class)
  }
  return new Class(options) as unknown as PoolClient
}
