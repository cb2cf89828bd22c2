// The library's own errors: a stable PGHA_* code each, a sentence that says what, where, since when and what next.
// PostgreSQL's errors are never wrapped here: they pass through with their SQLSTATE. Never holds a password.

export class PgHaError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** One thing wrong with a configuration: the option, what was given (a secret is never shown), what was expected. */
export interface ConfigFault {
  readonly option: string
  readonly message: string
}

/** Every fault of a configuration at once. Code `PGHA_CONFIG`. */
export class ConfigError extends PgHaError {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    super('PGHA_CONFIG', `Invalid configuration: ${faults.map((f) => f.message).join('; ')}`)
    this.faults = Object.freeze([...faults])
  }
}

/**
 * A connection would have been less safe than was asked for: the server has no TLS, its certificate is another's, or it
 * wanted to authenticate in a way that `require_auth` or `channel_binding` rules out. Nothing secret was sent. Code
 * `PGHA_INSECURE`.
 */
export class InsecureConnectionError extends PgHaError {
  constructor(message: string, options?: ErrorOptions) {
    super('PGHA_INSECURE', message, options)
  }
}

/** What was known of one node when a request was given up. */
export interface NodeReport {
  readonly node: string
  /** As it stands in the host list. */
  readonly host: string
  readonly state: string
  /** What it said of itself when it last answered; null: it never did. */
  readonly role: 'primary' | 'standby' | null
  /** For how long it has been in this state. */
  readonly forMillis: number
  /** SQLSTATE or system error code of the failure that holds, where there is one. */
  readonly code: string | undefined
  /** How far the connect that failed had come; null: the failure was no connect's. */
  readonly phase: ConnectPhase | null
  /** The address that was dialled, where one was. */
  readonly address: string | null
  /** How long that connect took until it failed. */
  readonly elapsedMillis: number | null
}

/** The steps of a connect: the name, the TCP connection, the TLS handshake, the login, the question for the role. */
export type ConnectPhase = 'lookup' | 'tcp' | 'tls' | 'authentication' | 'role'

interface GivenUp {
  /** What the last try met, where one was made. */
  readonly cause?: Error | undefined
  readonly nodes: readonly NodeReport[]
  readonly waitedMillis: number
}

/** No node fitted the request within `failoverTimeoutMillis`. Nothing was sent. Code `PGHA_NO_NODE`. */
export class NoFitNodeError extends PgHaError {
  readonly nodes: readonly NodeReport[]
  readonly waitedMillis: number

  constructor(message: string, { nodes, waitedMillis, cause }: GivenUp, code = 'PGHA_NO_NODE') {
    super(code, message, cause === undefined ? undefined : { cause })
    this.nodes = Object.freeze([...nodes])
    this.waitedMillis = waitedMillis
  }
}

/**
 * No standby was fit, and the primary has had the part of the reads that `maxReadsOnPrimary` leaves it. Nothing was sent.
 * Code `PGHA_READS_ON_PRIMARY`.
 */
export class ReadsOnPrimaryError extends PgHaError {
  constructor(maxReadsOnPrimary: number) {
    const part = `${Math.round(maxReadsOnPrimary * 100)} %`
    super(
      'PGHA_READS_ON_PRIMARY',
      `No standby is fit, and the primary already serves ${part} of the reads that prefer one (maxReadsOnPrimary)`,
    )
  }
}

/** There was no primary to write to within `failoverTimeoutMillis`. Nothing was sent. Code `PGHA_NO_PRIMARY`. */
export class NoPrimaryError extends NoFitNodeError {
  constructor(message: string, givenUp: GivenUp) {
    super(message, givenUp, 'PGHA_NO_PRIMARY')
  }
}

/** Two primaries, and nothing tells which is the true one: no write was sent to either. Code `PGHA_SPLIT_BRAIN`. */
export class SplitBrainError extends NoFitNodeError {
  readonly claimants: readonly string[]

  constructor(
    message: string,
    { claimants, ...givenUp }: GivenUp & { readonly claimants: readonly string[] },
  ) {
    super(message, givenUp, 'PGHA_SPLIT_BRAIN')
    this.claimants = Object.freeze([...claimants])
  }
}

/**
 * Connections to a node that is being drained are still in use after `timeoutMillis`. The node stays drained. Code
 * `PGHA_DRAIN_TIMEOUT`.
 */
export class DrainTimeoutError extends PgHaError {
  readonly node: string
  readonly inUse: number

  constructor({ node, inUse, timeoutMillis }: { node: string; inUse: number; timeoutMillis: number }) {
    super(
      'PGHA_DRAIN_TIMEOUT',
      `${inUse} connections to ${node} are still in use after ${timeoutMillis} ms: it gets no new work, and they would be ` +
        'cut if it stopped now',
    )
    this.node = node
    this.inUse = inUse
  }
}

interface LostConnection {
  readonly node: string
  readonly cause?: unknown
}

/**
 * The connection ended after something had been sent: whether it was applied is not known, and it was not repeated.
 * `cause` is what ended it. Code `PGHA_CONNECTION_LOST`.
 */
export class ConnectionLostError extends PgHaError {
  readonly node: string

  constructor(message: string, { node, cause }: LostConnection, code = 'PGHA_CONNECTION_LOST') {
    super(code, message, cause === undefined ? undefined : { cause })
    this.node = node
  }
}

interface WhatIsKnown {
  readonly xid: string | null
  readonly lsn: string | null
  readonly reason: string | null
}

/**
 * The commit was sent, its answer never came, and what became of it could not be found out. The application has to look for
 * itself before it tries again. Code `PGHA_OUTCOME_UNKNOWN`.
 */
export class OutcomeUnknownError extends ConnectionLostError {
  /** SQL's name for it: transaction_resolution_unknown. */
  readonly sqlState = '08007'
  /** The transaction's number on `node`, where it was learnt. */
  readonly xid: string | null
  /** A position in the WAL of `node` between its last write and its commit, where it was learnt. */
  readonly lsn: string | null
  /** Why it could not be found out; null: it was not looked for. */
  readonly reason: string | null

  constructor(message: string, { xid, lsn, reason, ...lost }: LostConnection & WhatIsKnown) {
    super(message, lost, 'PGHA_OUTCOME_UNKNOWN')
    this.reason = reason
    this.xid = xid
    this.lsn = lsn
  }
}

/**
 * The connection was lost, and nothing of it was applied: that is known. It was tried again as often as it may be; to try it
 * once more is safe. Code `PGHA_NOT_APPLIED`.
 */
export class NotAppliedError extends PgHaError {
  /** SQL's name for it: connection_failure. */
  readonly sqlState = '08006'
  readonly safeToRetry = true
  readonly node: string

  constructor(message: string, { node, cause }: LostConnection) {
    super('PGHA_NOT_APPLIED', message, cause === undefined ? undefined : { cause })
    this.node = node
  }
}

/** As many wait for a connection as may wait. Nothing was sent. Code `PGHA_POOL_FULL`. */
export class PoolFullError extends PgHaError {
  readonly waiting: number

  constructor(waiting: number) {
    super(
      'PGHA_POOL_FULL',
      `Every connection is in use, and ${waiting} callers wait for one: no more may wait`,
    )
    this.waiting = waiting
  }
}

/** A transaction took longer than its `timeoutMillis`: nothing of it was applied. Code `PGHA_TRANSACTION_TIMEOUT`. */
export class TransactionTimeoutError extends PgHaError {
  readonly timeoutMillis: number

  constructor(timeoutMillis: number, options?: ErrorOptions) {
    const message = `The transaction took more than ${timeoutMillis} ms: it was rolled back, and nothing of it was applied`
    super('PGHA_TRANSACTION_TIMEOUT', message, options)
    this.timeoutMillis = timeoutMillis
  }
}

/**
 * What was under way on a connection when it was cut: nothing, an open transaction (rolled back with the connection), a
 * statement outside of one, or a COMMIT; of the last two the outcome is in doubt.
 */
export type WorkInDoubt = 'none' | 'transaction' | 'statement' | 'commit'

/**
 * The connection led to a primary that has lost against another one, and was cut. What had been acknowledged over it since
 * the two parted will most likely be undone. Code `PGHA_STALE_PRIMARY`.
 */
export class StalePrimaryError extends ConnectionLostError {
  readonly work: WorkInDoubt

  constructor(message: string, { work, ...lost }: LostConnection & { readonly work: WorkInDoubt }) {
    super(message, lost, 'PGHA_STALE_PRIMARY')
    this.work = work
  }
}
