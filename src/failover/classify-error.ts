// What an error means: for the node, for the connection, for the statement. Finds its row in the table; the only place that
// looks at what an error is made of, because pg gives some of its errors no code.
import { ERROR_ROWS, type ErrorRow, errorRow, otherRow } from './error-table.ts'

export type { ErrorMeaning } from './error-table.ts'

const SQLSTATE = /^[0-9A-Z]{5}$/

export function classifyError(error: unknown): ErrorRow {
  if (!(error instanceof Error)) return otherRow('message')
  const code = errorCode(error)
  if (code === undefined)
    return errorRow('message', error.message) ?? firstOfSeveral(error) ?? otherRow('message')
  const known = errorRow('system', code) ?? errorRow('own', code)
  if (known !== undefined) return known
  // Of a server's making only where it has a severity too: EPERM and the like look like an SQLSTATE.
  if (!SQLSTATE.test(code) || !isReportedByServer(error)) return otherRow('message')
  return byPoolersWords(code, error) ?? bySqlState(code, error)
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

/** Whether PostgreSQL itself sent it, with the place in its source: what a pooler makes up has none. */
export function isReportedByPostgres(error: unknown): boolean {
  return isReportedByServer(error) && typeof (error as { routine?: unknown }).routine === 'string'
}

/** PgBouncer has one SQLSTATE for everything it says of itself; whatever is not listed is the loss of the server behind it. */
function byPoolersWords(code: string, error: Error): ErrorRow | undefined {
  if (code !== '08P01' || isReportedByPostgres(error)) return undefined
  return ERROR_ROWS.find(({ by, of }) => by === 'pooler' && error.message.includes(of))
}

/**
 * A statement may fail with any code and leave the session well: what a foreign server said to postgres_fdw or dblink, say,
 * or 08P01 for a parameter too many. Severities are translated, all but a few languages leave FATAL as it is; poolers have
 * called the end of a session an ERROR.
 */
function bySqlState(code: string, error: Error): ErrorRow {
  const { severity, detail } = error as { severity?: unknown; detail?: unknown }
  const isEnd = severity === 'FATAL' || severity === 'PANIC'
  // Cancelled by a user or by a timeout says no more than that; by the replay of a standby it says in its detail why.
  const ofStatement =
    (typeof detail === 'string' && detail !== '' ? errorRow('replay', code) : undefined) ??
    errorRow('statement', code)
  if (ofStatement !== undefined && !isEnd) return ofStatement
  const ofSession = errorRow('sqlState', code) ?? errorRow('sqlClass', code.slice(0, 2))
  const isStatement = severity === 'ERROR' && isReportedByPostgres(error)
  if (ofSession !== undefined && !isStatement) return ofSession
  return isEnd ? otherRow('sqlState') : otherRow('statement')
}

/** Node tries every address of a name and reports all failures at once: what any of them says of the node counts. */
function firstOfSeveral(error: Error): ErrorRow | undefined {
  const { errors } = error as { errors?: unknown }
  if (Array.isArray(errors)) {
    const known = errors.map(classifyError).find((row) => row !== otherRow('message'))
    if (known !== undefined) return known
  }
  return error.cause instanceof Error ? classifyError(error.cause) : undefined
}
