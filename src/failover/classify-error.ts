// What an error means: for the node, for the connection, for the statement. The only place that reads message texts,
// because pg gives some of its errors no code.
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

const APPLICATION: ErrorMeaning = { sign: null, connection: 'kept', kind: 'application' }
const OTHER: ErrorMeaning = { sign: null, connection: 'lost', kind: 'other' }

function connectionError(sign: FailureSign): ErrorMeaning {
  return { sign, connection: 'lost', kind: 'connection' }
}

const LOST = connectionError('lost')
const REFUSED = connectionError('refused')
const UNREACHABLE = connectionError('unreachable')
const SILENT = connectionError('silent')
const STARTING = connectionError('starting')
const LOGIN: ErrorMeaning = { sign: 'rejected', connection: 'lost', kind: 'login' }
const OVERLOADED: ErrorMeaning = { sign: null, connection: 'lost', kind: 'overloaded' }
const READ_ONLY: ErrorMeaning = { sign: 'demoted', connection: 'kept', kind: 'refusedReadOnly' }

const BY_SYSTEM_CODE = new Map<string, ErrorMeaning>(
  Object.entries({
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
    // Ours: as many wait for a connection as may wait.
    PGHA_POOL_FULL: { sign: null, connection: 'kept', kind: 'poolFull' },
    // Ours: TLS or the login was not what was asked for.
    PGHA_INSECURE: { sign: 'rejected', connection: 'lost', kind: 'login' },
    // Ours: the connection was given up on purpose, and what that says of the node is known already.
    PGHA_STALE_PRIMARY: { sign: null, connection: 'lost', kind: 'connection' },
    PGHA_CONNECTION_LOST: { sign: null, connection: 'lost', kind: 'connection' },
  }),
)

const BY_SQLSTATE = new Map<string, ErrorMeaning>(
  Object.entries({
    '25006': READ_ONLY,
    '57P01': LOST,
    '57P02': LOST,
    '57P03': STARTING,
    '53300': OVERLOADED,
    '28P01': LOGIN,
    '28000': LOGIN,
    '3D000': LOGIN,
  }),
)

// Errors of pg and pg-pool that carry no code. Compared whole: a server's message can never be taken for one.
const BY_MESSAGE = new Map<string, ErrorMeaning>(
  Object.entries({
    'Connection terminated unexpectedly': LOST,
    'Connection terminated': LOST,
    'Client has encountered a connection error and is not queryable': LOST,
    'Client was closed and is not queryable': LOST,
    'Connection terminated due to connection timeout': SILENT,
    'timeout expired': SILENT,
    'timeout exceeded when trying to connect': { sign: null, connection: 'kept', kind: 'poolFull' },
    'Query read timeout': { sign: null, connection: 'lost', kind: 'timeout' },
  }),
)

/**
 * What PgBouncer says of itself: one SQLSTATE for everything, and no place in PostgreSQL's source. Whatever is not listed is
 * the loss of the server behind it.
 */
const BY_POOLERS_WORDS: readonly (readonly [RegExp, ErrorMeaning])[] = [
  [/^unsupported startup parameter/, { ...OTHER, kind: 'unsupportedStartup' }],
  [/^query_wait_timeout|^no more connections allowed|too many (?:clients|connections)/, OVERLOADED],
  [/^server login failed: FATAL the database system is/, STARTING],
  // It lets clients log in and queues what they ask, while nothing listens behind it.
  [/^server login has been failing|cannot connect to server|\(server down\)/, REFUSED],
  [/authentication failed|^no such (?:user|database)|^database ".*" does not exist/, LOGIN],
  [/^transaction blocks not allowed|^idle transaction timeout/, { ...OTHER, kind: 'application' }],
  [/^query[_ ]timeout/, { ...OTHER, kind: 'timeout' }],
]

/** Serialization failure, deadlock, and what standbys call their conflicts with the WAL. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01'])
const CANCELLED = '57014'

const SQLSTATE = /^[0-9A-Z]{5}$/

export function classifyError(error: unknown): ErrorMeaning {
  if (!(error instanceof Error)) return OTHER
  const code = errorCode(error)
  if (code === undefined) return BY_MESSAGE.get(error.message) ?? firstOfSeveral(error) ?? OTHER
  const bySystem = BY_SYSTEM_CODE.get(code)
  if (bySystem !== undefined) return bySystem
  // Of a server's making only where it has a severity too: EPERM and the like look like an SQLSTATE.
  if (!SQLSTATE.test(code) || !isReportedByServer(error)) return OTHER
  return BY_SQLSTATE.get(code) ?? byClass(code, error)
}

/** SQLSTATE or system error code. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/** Whether PostgreSQL, or a pooler in its place, sent this error. */
export function isReportedByServer(error: unknown): boolean {
  return error instanceof Error && typeof (error as { severity?: unknown }).severity === 'string'
}

function byClass(sqlState: string, error: Error): ErrorMeaning {
  if (sqlState === '08P01' && !('routine' in error && error.routine)) {
    return BY_POOLERS_WORDS.find(([words]) => words.test(error.message))?.[1] ?? LOST
  }
  if (sqlState.startsWith('08')) return LOST
  const kind = isConflict(sqlState, error) ? 'conflict' : 'application'
  const { severity } = error as { severity?: unknown }
  return { ...(severity === 'FATAL' || severity === 'PANIC' ? OTHER : APPLICATION), kind }
}

/** Cancelled by a user or by a timeout says no more than that; by the replay of a standby says in its detail why. */
function isConflict(sqlState: string, error: Error): boolean {
  if (CONFLICTS.has(sqlState)) return true
  const { detail } = error as { detail?: unknown }
  return sqlState === CANCELLED && typeof detail === 'string' && detail !== ''
}

/** Node tries every address of a name and reports all failures at once: what any of them says of the node counts. */
function firstOfSeveral(error: Error): ErrorMeaning | undefined {
  const { errors } = error as { errors?: unknown }
  if (Array.isArray(errors)) {
    const known = errors.map(classifyError).find((meaning) => meaning !== OTHER)
    if (known !== undefined) return known
  }
  return error.cause instanceof Error ? classifyError(error.cause) : undefined
}
