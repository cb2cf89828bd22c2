// Looks at one node over one kept connection. Never throws and never keeps the process alive; holds no opinion.
import pg, { type PoolConfig } from 'pg'
import { type ConnectProgress, connectPhase } from '../dialing/connect-phase.ts'
import { adoptClient, phaseOf, withConnection } from '../dialing/dialled-options.ts'
import { classifyError, errorCode } from '../failover/classify-error.ts'
import type { FailureSign, NodeFailure, ProbeResult } from '../topology/probe-result.ts'
import type { Clock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import { BASIC_QUERY, FULL_QUERY, type ProbeRow, readAnswer } from './probe-query.ts'

export interface ProberOptions {
  /** How the monitor logs in to this node. */
  readonly connection: PoolConfig
  readonly timeoutMillis: number
  readonly clock: Clock
  /** The kept connection has ended by itself: the earliest sign there is. */
  readonly onLost: () => void
}

/**
 * An address that moves swallows the first packet of a connect, and the kernel sends it again only after 1 s. Where the
 * server is known to be near, it is dialled anew sooner; within the same look, which has its one deadline.
 */
const LEAST_PATIENCE_MILLIS = 250
const PATIENT_ROUND_TRIPS = 4
/** A question that has been out for longer was lost with the connections of the application, if those were. */
const OVERDUE_MILLIS = 100

export class Prober {
  readonly #options: ProberOptions
  #client: pg.Client | null = null
  #query = FULL_QUERY
  #closed = false
  /** How far the last connect had come when it was given up. */
  #progress: ConnectProgress | null = null
  /** Of the last answer; null before the first one. */
  #roundTripMillis: number | null = null
  /** Since when a question has been out on a connection that was kept from an earlier look. */
  #waitingSinceMillis: number | null = null

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** One look: an answer, or a failure as a value. */
  async probe(): Promise<ProbeResult> {
    const { clock } = this.#options
    let askedAtMillis = clock()
    try {
      const kept = this.#client
      const client = kept ?? (await this.#connect())
      askedAtMillis = clock()
      this.#waitingSinceMillis = kept === null ? null : askedAtMillis
      const row = await this.#ask(client)
      this.#roundTripMillis = clock() - askedAtMillis
      const answer = readAnswer(row, {
        askedAtMillis,
        answeredAtMillis: clock(),
        processId: processIdOf(client),
      })
      return (
        answer ??
        this.#failure(askedAtMillis, new Error('The answer does not say whether the server is in recovery'))
      )
    } catch (error) {
      this.#drop()
      return this.#failure(askedAtMillis, error)
    } finally {
      this.#waitingSinceMillis = null
    }
  }

  /** Connections of the application to this node have just ended: a look over one of the same age is not waited for. */
  hurry(): void {
    const since = this.#waitingSinceMillis
    if (since !== null && this.#options.clock() - since > OVERDUE_MILLIS) this.#drop()
  }

  close(): void {
    this.#closed = true
    const client = this.#client
    this.#client = null
    if (client === null) return
    // A goodbye that nobody reads must not hold anything up.
    client.end().catch(() => {})
    unref(client)
  }

  async #connect(): Promise<pg.Client> {
    const { timeoutMillis, clock } = this.#options
    const giveUpAtMillis = clock() + timeoutMillis
    for (;;) {
      const client = await this.#dial(Math.max(1, giveUpAtMillis - clock()))
      if (client !== null) return client
    }
  }

  /** Null: nobody has answered the first packet, and another one is due. */
  async #dial(timeoutMillis: number): Promise<pg.Client | null> {
    const { connection, clock, onLost } = this.#options
    const client = new pg.Client(withConnection(connection))
    adoptClient(client)
    this.#progress = null
    client.on('error', () => {
      if (this.#client !== client) return
      this.#client = null
      if (!this.#closed) onLost()
    })
    const connecting = client.connect()
    unref(client)
    const expire = (): void => this.#expire(client)
    const connected = withDeadline(connecting, { timeoutMillis, clock, expire })
    const unheard = this.#unheard(client, timeoutMillis)
    const isUnheard = await Promise.race([connected, unheard.promise]).finally(unheard.cancel)
    if (isUnheard === true) {
      connected.catch(() => {})
      destroy(client)
    }
    if (this.#closed) {
      destroy(client)
      throw new Error('The monitor was closed')
    }
    if (isUnheard === true) return null
    this.#client = client
    return client
  }

  /** Resolves when the server has not even been reached for longer than that takes. */
  #unheard(client: pg.Client, timeoutMillis: number): { promise: Promise<true>; cancel: () => void } {
    const roundTripMillis = this.#roundTripMillis ?? Number.POSITIVE_INFINITY
    const millis = Math.max(LEAST_PATIENCE_MILLIS, PATIENT_ROUND_TRIPS * roundTripMillis)
    if (millis >= timeoutMillis) return { promise: new Promise(() => {}), cancel: () => {} }
    let timer: NodeJS.Timeout | undefined
    const promise = new Promise<true>((resolve) => {
      timer = setTimeout(() => {
        if (phaseOf(client)?.phase === 'tcp') resolve(true)
      }, millis)
      timer.unref()
    })
    return { promise, cancel: () => clearTimeout(timer) }
  }

  async #ask(client: pg.Client): Promise<ProbeRow> {
    try {
      return await this.#run(client, this.#query)
    } catch (error) {
      if (this.#query === BASIC_QUERY || !isHidden(error)) throw error
      this.#query = BASIC_QUERY
      return this.#run(client, this.#query)
    }
  }

  async #run(client: pg.Client, query: string): Promise<ProbeRow> {
    const { timeoutMillis, clock } = this.#options
    const asking = client.query<Record<string, unknown>>(query)
    const { rows } = await withDeadline(asking, { timeoutMillis, clock, expire: () => destroy(client) })
    return rows[0] ?? {}
  }

  #expire(client: pg.Client): void {
    this.#progress = phaseOf(client)
    destroy(client)
  }

  #failure(askedAtMillis: number, error: unknown): NodeFailure {
    const progress = connectPhase(error) ?? this.#progress
    const message = error instanceof Error ? error.message : String(error)
    return {
      kind: 'failure',
      askedAtMillis,
      sign: signOf(error, progress),
      seenBy: 'monitor',
      code: errorCode(error),
      message,
      ...(error instanceof Error && { error }),
      ...progress,
    }
  }

  #drop(): void {
    const client = this.#client
    this.#client = null
    if (client !== null) destroy(client)
  }
}

/** Looking must never be what keeps a program running. */
function unref(client: pg.Client): void {
  // Not in its types.
  ;(client as unknown as { unref(): void }).unref()
}

/** As the other side told it at the login. */
function processIdOf(client: pg.Client): number | null {
  const { processID } = client as unknown as { processID?: unknown }
  return typeof processID === 'number' ? processID : null
}

function destroy(client: pg.Client): void {
  client.connection.stream.destroy()
}

/** Privileges taken away, or functions that a managed service does not have. */
function isHidden(error: unknown): boolean {
  const code = errorCode(error)
  return code !== undefined && (code.startsWith('42') || code.startsWith('0A'))
}

/** A look that fails always says something: what is not understood casts doubt on the node. */
function signOf(error: unknown, progress: ConnectProgress | null): FailureSign {
  const meaning = classifyError(error)
  if (meaning.sign !== null) return meaning.sign
  // Certificates that do not fit: nothing but the handshake itself is wrong with it.
  if (progress?.phase === 'tls') return 'rejected'
  return meaning.kind === 'application' ? 'rejected' : 'confused'
}
