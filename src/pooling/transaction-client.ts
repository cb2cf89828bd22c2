// The client that a transaction's function is given: pg's own client, but its transaction is not the function's to end. It
// remembers what the server last complained of, whatever the function makes of it.
import type { PoolClient, QueryConfig, QueryResult } from 'pg'
import { PgHaError } from '../errors.ts'
import { errorCode } from '../failover/classify-error.ts'
import type { TrackedClient } from './tracked-client.ts'

/** A pg client within a transaction; not to be used after the function has ended. */
export interface Transaction extends PoolClient {
  /** Which run of the function this is, from 1. */
  readonly attempt: number
  /** Aborted when the transaction is given up. */
  readonly signal: AbortSignal
  /** A savepoint: undone alone when `fn` fails, whose error is passed on. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>
}

export interface OpenTransaction {
  readonly client: Transaction
  /** The last error that a statement of it met, one of ours included. */
  readonly lastError: Error | null
  /** A statement of ours in the same transaction. */
  own(query: string | QueryConfig): Promise<QueryResult>
  /** From now on its client refuses to work. */
  close(): void
}

const CONTROL =
  /^\s*(?:begin|start\s+transaction|commit|end|abort|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)|prepare\s+transaction)\b/i

export function openTransaction(
  client: TrackedClient,
  { attempt, signal }: { attempt: number; signal: AbortSignal },
): OpenTransaction {
  let lastError: Error | null = null
  let isOpen = true
  let depth = 0
  const note = (error: Error): void => {
    // That a broken transaction takes no more statements says nothing of why it broke.
    if (lastError === null || errorCode(error) !== '25P02') lastError = error
  }
  const own: Record<string, unknown> = {
    attempt,
    signal,
    query: (...args: unknown[]) => {
      const refusal = isOpen ? controlError(args[0]) : endedTransaction()
      return refusal === null ? watch(client, args, note) : refuse(args, refusal)
    },
    release: () => {},
    end: () => Promise.resolve(),
    transaction: async <T>(fn: (tx: Transaction) => Promise<T>): Promise<T> => {
      if (!isOpen) throw endedTransaction()
      depth += 1
      const savepoint = `pgha_${depth}`
      try {
        await client.query(`savepoint ${savepoint}`)
        const value = await fn(proxy)
        await client.query(`release savepoint ${savepoint}`)
        return value
      } catch (error) {
        await client.query(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`).catch(note)
        throw error
      } finally {
        depth -= 1
      }
    },
  }
  const proxy = new Proxy(client as unknown as Transaction, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(own, name)) return own[name]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  })
  return {
    client: proxy,
    get lastError() {
      return lastError
    },
    own: (query) => watch(client, [query], note) as Promise<QueryResult>,
    close() {
      isOpen = false
    },
  }
}

/** Runs what was asked for, and hears of its error beside the caller. */
function watch(client: TrackedClient, args: unknown[], note: (error: Error) => void): unknown {
  const last = args.length - 1
  const callback = args[last]
  if (typeof callback === 'function') {
    args[last] = (error: Error | null, result: unknown) => {
      if (error) note(error)
      callback(error, result)
    }
  }
  const answer = (client.query as unknown as (...all: unknown[]) => unknown).apply(client, args)
  if (answer instanceof Promise) answer.catch(note)
  return answer
}

function refuse(args: unknown[], error: Error): unknown {
  const callback = args.at(-1)
  if (typeof callback !== 'function') return Promise.reject(error)
  process.nextTick(() => callback(error))
  return undefined
}

function controlError(query: unknown): Error | null {
  const text = typeof query === 'string' ? query : (query as { text?: unknown } | null)?.text
  if (typeof text !== 'string' || !CONTROL.test(text)) return null
  const message =
    'A transaction of pool.transaction() begins and ends by itself: return from its function to commit, throw to roll back, ' +
    'and use tx.transaction() for a savepoint'
  return new PgHaError('PGHA_TRANSACTION_CONTROL', message)
}

function endedTransaction(): Error {
  return new PgHaError(
    'PGHA_TRANSACTION_ENDED',
    'The transaction has ended: its client is not to be used any more',
  )
}
