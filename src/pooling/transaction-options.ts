// How a transaction is to run: what may be asked for, checked at once, and the text that begins it.
import { ConfigError, type ConfigFault } from '../errors.ts'

export type IsolationLevel = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable'

export interface TransactionOptions {
  /** Default: the server's, which is `read committed` unless it was changed. */
  readonly isolation?: IsolationLevel | undefined
  /** The server refuses to write in it. Default: false. */
  readonly readOnly?: boolean | undefined
  /** With `serializable` and `readOnly`: waits until it cannot fail, then runs without overhead. Default: false. */
  readonly deferrable?: boolean | undefined
  /** The longest that one statement may take, in ms, by the server's `statement_timeout`. Default: the server's. */
  readonly statementTimeoutMillis?: number | undefined
  /**
   * The longest for the whole, with every re-run and wait, in ms; a commit under way is still followed to its end. Rejects
   * with `TransactionTimeoutError`, and nothing is applied. Default: none.
   */
  readonly timeoutMillis?: number | undefined
  /** How often it may be run again. Default: 5. */
  readonly maxRetries?: number | undefined
  /** Ends it, unless its commit is under way: nothing is applied, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

const ISOLATION: readonly string[] = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']

/** @throws ConfigError with all faults. */
export function checkTransactionOptions(options: TransactionOptions): void {
  const faults: ConfigFault[] = []
  const add = (option: string, expected: string): void => {
    faults.push({ option, message: `${option}: expected ${expected}` })
  }
  if (options.isolation !== undefined && !ISOLATION.includes(options.isolation))
    add('isolation', ISOLATION.join(', '))
  for (const option of ['readOnly', 'deferrable'] as const) {
    if (options[option] !== undefined && typeof options[option] !== 'boolean') add(option, 'true or false')
  }
  for (const option of ['statementTimeoutMillis', 'timeoutMillis', 'maxRetries'] as const) {
    const value = options[option]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31)) {
      add(option, 'a whole number from 0')
    }
  }
  if (faults.length > 0) throw new ConfigError(faults)
}

/** One round trip; the token, which is of our own making, is written in the same. */
export function beginText(options: TransactionOptions, token: string | null): string {
  const { isolation, readOnly, deferrable, statementTimeoutMillis } = options
  const modes = [
    isolation === undefined ? null : `isolation level ${isolation}`,
    readOnly === undefined ? null : readOnly ? 'read only' : 'read write',
    deferrable === undefined ? null : deferrable ? 'deferrable' : 'not deferrable',
  ].filter((mode) => mode !== null)
  return [
    ['begin', modes.join(', ')].filter(Boolean).join(' '),
    statementTimeoutMillis === undefined ? null : `set local statement_timeout = ${statementTimeoutMillis}`,
    token === null ? null : `insert into pgha_commit_tokens (token) values ('${token}')`,
  ]
    .filter((text) => text !== null)
    .join('; ')
}
