// What is known of each error: the one table that errors are read by, and that docs/errors.md is held to.
import type { FailureSign } from '../topology/probe-result.ts'

export interface ErrorMeaning {
  /** What it says of the node; null: nothing. */
  readonly sign: FailureSign | null
  /** `lost`: the connection is gone or must go; `kept`: it is as good as before. */
  readonly connection: 'lost' | 'kept'
  /**
   * `refusedReadOnly`: the server refused to write, nothing was changed. `overloaded`: no connection to be had now.
   * `poolFull`: our own pool had none free in time. `login`: these credentials will not do anywhere.
   * `unsupportedStartup`: a pooler in between refuses a start-up option. `conflict`: what it wanted to see is no longer
   * there: with other transactions, or on a standby with what it has to replay. `other`: nothing more is known.
   */
  readonly kind:
    | 'connection'
    | 'refusedReadOnly'
    | 'overloaded'
    | 'poolFull'
    | 'login'
    | 'unsupportedStartup'
    | 'timeout'
    | 'conflict'
    | 'application'
    | 'other'
}

/**
 * - `sqlState`, `sqlClass`: five or the first two characters of an SQLSTATE that ended the session, or refused it
 * - `statement`: an SQLSTATE that failed a statement, and left the session as it was
 * - `replay`: the same, where its detail says that a standby's replay was in the way
 * - `system`: what Node calls it
 * - `own`: a code of this library
 * - `message`: a whole message of pg's or pg-pool's, which give these errors no code
 * - `pooler`: what the message of a pooler has in it, whose one SQLSTATE is 08P01
 */
export type ErrorKey =
  | ('sqlState' | 'sqlClass' | 'statement' | 'replay')
  | ('system' | 'own' | 'message' | 'pooler')

export interface ErrorRow extends ErrorMeaning {
  readonly by: ErrorKey
  /** `*`: every other one. */
  readonly of: string
}

type Meaning = readonly [FailureSign | null, ErrorMeaning['connection'], ErrorMeaning['kind']]

const LOST: Meaning = ['lost', 'lost', 'connection']
const REFUSED: Meaning = ['refused', 'lost', 'connection']
const UNREACHABLE: Meaning = ['unreachable', 'lost', 'connection']
const SILENT: Meaning = ['silent', 'lost', 'connection']
const LOGIN: Meaning = ['rejected', 'lost', 'login']
const STARTING: Meaning = ['starting', 'lost', 'connection']
const OVERLOADED: Meaning = [null, 'lost', 'overloaded']
const CONFLICT: Meaning = [null, 'kept', 'conflict']
const POOL_FULL: Meaning = [null, 'kept', 'poolFull']

const MEANINGS: Readonly<Record<ErrorKey, Readonly<Record<string, Meaning>>>> = {
  sqlState: {
    '57P01': LOST,
    '57P02': LOST,
    '57P03': STARTING,
    '53300': OVERLOADED,
    '40001': [null, 'lost', 'conflict'],
    '3D000': LOGIN,
    '*': [null, 'lost', 'application'],
  },
  sqlClass: { '08': LOST, '28': LOGIN },
  statement: {
    '25006': ['demoted', 'kept', 'refusedReadOnly'],
    '40001': CONFLICT,
    '40P01': CONFLICT,
    '*': [null, 'kept', 'application'],
  },
  replay: { '57014': CONFLICT },
  system: {
    ECONNREFUSED: REFUSED,
    // A socket directory without a socket: no server there.
    ENOENT: REFUSED,
    ENOTFOUND: UNREACHABLE,
    EAI_AGAIN: UNREACHABLE,
    EHOSTUNREACH: UNREACHABLE,
    ENETUNREACH: UNREACHABLE,
    EHOSTDOWN: UNREACHABLE,
    EADDRNOTAVAIL: UNREACHABLE,
    ETIMEDOUT: SILENT,
    ECONNRESET: LOST,
    ECONNABORTED: LOST,
    EPIPE: LOST,
    ERR_STREAM_DESTROYED: LOST,
  },
  own: {
    PGHA_POOL_FULL: POOL_FULL,
    // TLS or the login was not what was asked for.
    PGHA_INSECURE: LOGIN,
    // The connection was given up on purpose, and what that says of the node is known already.
    PGHA_STALE_PRIMARY: [null, 'lost', 'connection'],
    PGHA_CONNECTION_LOST: [null, 'lost', 'connection'],
  },
  // Compared whole: a server's message can never be taken for one.
  message: {
    'Connection terminated unexpectedly': LOST,
    'Connection terminated': LOST,
    'Client has encountered a connection error and is not queryable': LOST,
    'Client was closed and is not queryable': LOST,
    'Connection terminated due to connection timeout': SILENT,
    'timeout expired': SILENT,
    'timeout exceeded when trying to connect': POOL_FULL,
    'Query read timeout': [null, 'lost', 'timeout'],
    '*': [null, 'lost', 'other'],
  },
  pooler: {
    'unsupported startup parameter': [null, 'lost', 'unsupportedStartup'],
    query_wait_timeout: OVERLOADED,
    'no more connections allowed': OVERLOADED,
    'too many clients': OVERLOADED,
    'too many connections': OVERLOADED,
    'the database system is': STARTING,
    // It lets clients log in and queues what they ask, while nothing listens behind it.
    'login has been failing': REFUSED,
    'cannot connect to server': REFUSED,
    'server down': REFUSED,
    'authentication failed': LOGIN,
    'no such user': LOGIN,
    'no such database': LOGIN,
    'does not exist': LOGIN,
    'transaction blocks not allowed': [null, 'lost', 'application'],
    'idle transaction timeout': [null, 'lost', 'application'],
    'query timeout': [null, 'lost', 'timeout'],
    query_timeout: [null, 'lost', 'timeout'],
  },
}

/** Every row, in the order of the table. */
export const ERROR_ROWS: readonly ErrorRow[] = Object.entries(MEANINGS).flatMap(([by, meanings]) =>
  Object.entries(meanings).map(([of, [sign, connection, kind]]) =>
    Object.freeze({ by: by as ErrorKey, of, sign, connection, kind }),
  ),
)

const BY_KEY: ReadonlyMap<string, ErrorRow> = new Map(ERROR_ROWS.map((row) => [`${row.by} ${row.of}`, row]))

export function errorRow(by: ErrorKey, of: string): ErrorRow | undefined {
  return BY_KEY.get(`${by} ${of}`)
}

/** The row for all others of its sort. */
export function otherRow(by: 'sqlState' | 'statement' | 'message'): ErrorRow {
  const row = errorRow(by, '*')
  if (row === undefined) throw new Error(`No row for the other errors by ${by}`)
  return row
}
