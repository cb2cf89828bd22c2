// Runs one statement and asks, in the same batch, which transaction it was. The answer is flushed before the implicit
// commit that the batch ends with, which is where a failover or a missing synchronous standby catches a write: whoever
// loses the connection then knows what to look for. Costs no round trip. Knows nothing of what the answer is good for.
import pg, { type QueryConfig } from 'pg'
import { isReportedByServer } from '../failover/classify-error.ts'
import { readWitness, WITNESS_QUESTION, type Witness } from '../failover/witness.ts'
import { PUT_TOKEN } from './commit-tokens.ts'

/**
 * - `token`: the token is not written yet
 * - `sent`: nothing of the statement came back yet
 * - `executed`: the statement is done; its transaction is not named yet
 * - `witnessed`: its transaction is named; the commit is under way
 */
export type BatchStage = 'token' | 'sent' | 'executed' | 'witnessed'

export interface WitnessedOptions {
  /** Sends the commit only once the transaction is named: one round trip more, and no doubt before it. */
  readonly hold: boolean
  /** Asked before a commit that was held is sent; if not, the connection is cut, and with it what it would have committed. */
  readonly mayCommit?: () => boolean
  /** Written to the table of commit tokens in the same transaction, before the statement. */
  readonly token?: string | null
}

/** The parts of pg's own query that are built upon. */
interface PgQuery {
  binary: unknown
  readonly _results: unknown
  readonly _canceledDueToError: unknown
  text: string
  name: string | undefined
  portal: string
  values: readonly unknown[] | undefined | null
  submit(connection: Wire): Error | null
  prepare(connection: Wire): void
  handleRowDescription(message: unknown): void
  handleDataRow(message: DataRow): void
  handleCommandComplete(message: CommandComplete, connection: Wire): void
  handleEmptyQuery(connection: Wire): void
  handleError(error: Error, connection: Wire): void
}

interface DataRow {
  readonly fields: readonly (string | null)[]
}

interface CommandComplete {
  readonly text: string
}

interface Wire {
  readonly stream: { readonly writable: boolean; write(bytes: Uint8Array): unknown; destroy(): unknown }
  parse(message: { text: string }): void
  bind(message: { values: readonly string[] }): void
  execute(message: { portal?: string; rows: number | undefined }): void
  sync(): void
}

type PgQueryClass = new (text: unknown, values?: unknown) => PgQuery

const Base = pg.Query as unknown as PgQueryClass

export class WitnessedQuery extends Base {
  /** pg reads it from what it is given. */
  readonly query_timeout: unknown
  readonly token: string | null
  readonly #hold: boolean
  readonly #mayCommit: (() => boolean) | undefined
  #stage: BatchStage
  #witness: Witness | null = null
  #commandTag: string | null = null
  #failedAt: BatchStage | null = null
  #commitSent: boolean
  #isSubmitted = false

  constructor(
    text: string | QueryConfig,
    values: unknown,
    { hold, mayCommit, token = null }: WitnessedOptions,
  ) {
    super(text, values)
    this.query_timeout =
      typeof text === 'string' ? undefined : (text as { query_timeout?: unknown }).query_timeout
    this.token = token
    this.#stage = token === null ? 'sent' : 'token'
    this.#hold = hold
    this.#mayCommit = mayCommit
    this.#commitSent = !hold
  }

  get stage(): BatchStage {
    return this.#stage
  }

  /** Null before it is there, and where it could not be read. */
  get witness(): Witness | null {
    return this.#witness
  }

  /** `INSERT 0 1`; null before the statement is done. */
  get commandTag(): string | null {
    return this.#commandTag
  }

  /** Whether the server may have been told to commit. */
  get commitSent(): boolean {
    return this.#commitSent
  }

  /** False: it is still in line, or whoever wraps the client's `query` has sent a copy of it, which asks no question. */
  get isSubmitted(): boolean {
    return this.#isSubmitted
  }

  /** The server cannot answer the question, or write the token: it has undone the statement with it. */
  get isUnanswerable(): boolean {
    return this.#failedAt === 'executed' || this.#failedAt === 'token'
  }

  /** What the caller would have been given; complete once the statement is executed. */
  get outcome(): { readonly error: Error } | { readonly result: unknown } {
    const error = this._canceledDueToError
    return error instanceof Error ? { error } : { result: this._results }
  }

  /** pg would send a text without values as a simple query, which has no room for the question. */
  requiresPreparation(): boolean {
    return true
  }

  override submit(connection: Wire): Error | null {
    this.#isSubmitted = true
    // What a simple query returns is text, whatever the client prefers.
    if (!this.name && !this.values?.length) this.binary = false
    return super.submit(connection)
  }

  /** pg's own, which is called where the stream is corked: all goes out at once. */
  override prepare(connection: Wire): void {
    if (this.token !== null) {
      connection.parse({ text: PUT_TOKEN })
      connection.bind({ values: [this.token] })
      connection.execute({ rows: undefined })
    }
    super.prepare(connection)
  }

  /** pg calls this where the statement is bound and has to be executed. */
  _getRows(connection: Wire): void {
    connection.execute({ portal: this.portal, rows: undefined })
    if (connection.stream.writable) connection.stream.write(this.#hold ? QUESTION : QUESTION_AND_COMMIT)
  }

  override handleRowDescription(message: unknown): void {
    if (this.#stage === 'sent') super.handleRowDescription(message)
  }

  override handleDataRow(message: DataRow): void {
    if (this.#stage === 'sent') super.handleDataRow(message)
    else this.#witness = readWitness(message.fields)
  }

  override handleCommandComplete(message: CommandComplete, connection: Wire): void {
    if (this.#stage === 'token') {
      this.#stage = 'sent'
      return
    }
    if (this.#stage === 'sent') {
      this.#stage = 'executed'
      this.#commandTag = message.text
      super.handleCommandComplete(message, connection)
      return
    }
    this.#stage = 'witnessed'
    if (!this.#hold) return
    if (this.#mayCommit?.() === false) {
      connection.stream.destroy()
      return
    }
    this.#commitSent = true
    connection.sync()
  }

  override handleEmptyQuery(connection: Wire): void {
    this.#stage = 'executed'
    super.handleEmptyQuery(connection)
  }

  override handleError(error: Error, connection: Wire): void {
    if (isReportedByServer(error)) {
      this.#failedAt ??= this.#stage
      // After an error the server reads on only from a Sync. Nothing is left that it could commit.
      if (!this.#commitSent) connection.sync()
    }
    super.handleError(error, connection)
  }
}

/** Parse, Bind, Execute, Flush: the unnamed statement and portal, so that nothing of it is left in the session. */
function question(): Buffer {
  const text = Buffer.from(`${WITNESS_QUESTION}\0`)
  const parse = message('P', Buffer.concat([Buffer.from('\0'), text, Buffer.alloc(2)]))
  const bind = message('B', Buffer.alloc(2 + 2 + 2 + 2))
  const execute = message('E', Buffer.alloc(1 + 4))
  return Buffer.concat([parse, bind, execute, message('H', Buffer.alloc(0))])
}

function message(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(kind, 0, 'latin1')
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

const QUESTION = question()
const QUESTION_AND_COMMIT = Buffer.concat([QUESTION, message('S', Buffer.alloc(0))])
