// A pg client that knows what its server reported of itself, and whose death never ends the process.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import pg, { type ClientBase, type PoolConfig } from 'pg'
import { adoptClient, withConnection } from '../dialing/dialled-options.ts'

/** What the server said of this session, by itself (version 14 and later) or when asked. Null: not said. */
export interface Session {
  inHotStandby: boolean | null
  readOnly: boolean | null
  /** Its connection has failed, has ended or is being ended: it runs no further statement. */
  isOver: boolean
  /** Whether the server sees this very socket, with nothing in between. */
  isDirect: boolean | null
  /** A pooler hands out the server's sessions: what it reports may be of another one, or of long ago. */
  isPooled: boolean
  /** Called when the server says that it has become another than it was. */
  onRoleChange?: () => void
  /** Called when this library cuts the connection because its server has lost. */
  onCut?: ((error: Error) => void) | undefined
}

/**
 * Where a client keeps its session, and where pool options keep the function told of each new client. Of the registry,
 * because the package's entries are bundled apart and share their clients.
 */
export const SESSION: unique symbol = Symbol.for('pg-ha.session')
export const ON_CREATE: unique symbol = Symbol.for('pg-ha.onCreate')

export interface TrackedClient extends pg.PoolClient {
  readonly [SESSION]: Session
  /** pg's native client has none. */
  readonly connection: pg.Connection
}

export type ClientClass = new (config?: PoolConfig) => ClientBase

interface TrackedConfig extends PoolConfig {
  readonly [ON_CREATE]?: (client: TrackedClient) => void
}

const made = new WeakMap<ClientClass, ClientClass>()

/** A subclass of the client class the application chose, or of pg's own. The same class for the same base. */
export function trackedClientClass(base: ClientClass = pg.Client as unknown as ClientClass): ClientClass {
  const known = made.get(base)
  if (known !== undefined) return known
  const tracked = extend(base)
  made.set(base, tracked)
  return tracked
}

function extend(Base: ClientClass): ClientClass {
  class Client extends Base {
    readonly [SESSION]: Session = {
      inHotStandby: null,
      readOnly: null,
      isOver: false,
      isDirect: null,
      isPooled: false,
    }

    constructor(config?: TrackedConfig) {
      super(withConnection(config))
      adoptClient(this)
      const self = this as unknown as TrackedClient
      self.connection?.on?.('parameterStatus', (message: ParameterStatus) => note(self[SESSION], message))
      config?.[ON_CREATE]?.(self)
    }

    /** A lost connection is told to whoever listens, and to the statement under way; it is never uncaught. */
    override emit(event: string | symbol, ...args: unknown[]): boolean {
      if (event === 'error' || event === 'end') this[SESSION].isOver = true
      if (event === 'error' && this.listenerCount('error') === 0) return false
      return super.emit(event, ...args)
    }

    end(...args: unknown[]): unknown {
      this[SESSION].isOver = true
      return (Base.prototype as { end(...given: unknown[]): unknown }).end.apply(this, args)
    }
  }
  return Client
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

function note(session: Session, { parameterName, parameterValue }: ParameterStatus): void {
  if (session.isPooled) return
  if (parameterName === 'in_hot_standby') {
    const before = session.inHotStandby
    session.inHotStandby = parameterValue === 'on'
    if (before !== null && before !== session.inHotStandby) session.onRoleChange?.()
  }
  if (parameterName === 'default_transaction_read_only') session.readOnly = parameterValue === 'on'
}

type LooseQuery = (query: unknown, values: unknown, callback: QueryCallback) => void
type QueryCallback = (error: Error | null, result: unknown) => void

/** Any query that pg takes, whatever its types say. */
export function giveQuery(
  client: TrackedClient,
  { query, values }: { query: unknown; values: unknown },
  callback: QueryCallback,
): void {
  ;(client.query as unknown as LooseQuery).call(client, query, values, callback)
}

/** How many bytes were handed to the socket so far; null where that cannot be known. */
export function bytesSent(client: TrackedClient): number | null {
  const { bytesWritten } = (client.connection?.stream ?? {}) as { bytesWritten?: unknown }
  return typeof bytesWritten === 'number' ? bytesWritten : null
}

/** Whether the other side ended the connection, and all it had sent was read. */
export function isReadToEnd(client: TrackedClient): boolean {
  const { readableEnded, errored } = (client.connection?.stream ?? {}) as Partial<Readable>
  return readableEnded === true && !errored
}

/** This side of the connection, as far as it has one with a port. */
export function localEnd(client: TrackedClient): { address: string | undefined; port: number | undefined } {
  const { localAddress, localPort } = (client.connection?.stream ?? {}) as Partial<Socket>
  return { address: localAddress, port: localPort }
}

/** Ends the connection without a goodbye; whoever waits for it gets `reason`. */
export function destroyClient(client: TrackedClient, reason?: Error): void {
  if (client.connection === undefined) {
    client.end().catch(() => {})
    return
  }
  client.connection.stream.destroy(reason)
}
