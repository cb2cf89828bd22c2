// Runs a function in a transaction, again where that is safe and helps, and finds out what became of a commit that was lost.
import { TransactionTimeoutError } from '../errors.ts'
import { pauseMillis } from '../failover/backoff.ts'
import { classifyError, errorCode } from '../failover/classify-error.ts'
import { isWorthRerunning } from '../failover/rerun-policy.ts'
import { readWitness, WITNESS_QUESTION, type Witness } from '../failover/witness.ts'
import { type RouteRequest, wantsPrimary } from '../routing/request.ts'
import { assertNever } from '../topology/assert-never.ts'
import type { Lease } from './attempt.ts'
import { cancelOn } from './cancel-request.ts'
import type { Dispatcher } from './dispatcher.ts'
import { takeLease } from './lease.ts'
import { endLeftBehind, type LeftBehind, leftBehind } from './left-behind.ts'
import { inDoubt, notApplied } from './lost-statement.ts'
import { isRoleReported } from './role-check.ts'
import type { OutcomeKeeper } from './statement-batch.ts'
import { destroyClient } from './tracked-client.ts'
import { type OpenTransaction, openTransaction, type Transaction } from './transaction-client.ts'
import { beginText, checkTransactionOptions, type TransactionOptions } from './transaction-options.ts'

export interface TransactionSurroundings {
  readonly dispatcher: Dispatcher
  readonly request: RouteRequest
  /** Null: a lost commit is left in doubt. */
  readonly keeper: OutcomeKeeper | null
  readonly random: () => number
}

interface Run<T> extends TransactionSurroundings {
  readonly fn: (tx: Transaction) => Promise<T>
  readonly options: TransactionOptions
  readonly signal: AbortSignal
  attempt: number
  /** By the run before: to be ended on its server before this one begins there. */
  readonly left: LeftBehind | null
}

/** `again`: nothing was applied, and another run may do better. */
type End<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'again'
      readonly error: Error
      readonly node: string
      readonly left?: LeftBehind | null
    }
  | { readonly kind: 'failed'; readonly error: unknown }

const MOST_RETRIES = 5

export async function runTransaction<T>(
  fn: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
  surroundings: TransactionSurroundings,
): Promise<T> {
  checkTransactionOptions(options)
  const { timeoutMillis, maxRetries = MOST_RETRIES } = options
  const own = new AbortController()
  const timer =
    timeoutMillis === undefined
      ? undefined
      : setTimeout(() => own.abort(new TransactionTimeoutError(timeoutMillis)), timeoutMillis)
  const signal = options.signal === undefined ? own.signal : AbortSignal.any([own.signal, options.signal])
  try {
    let left: LeftBehind | null = null
    for (let attempt = 1; ; attempt++) {
      const end: End<T> = await runOnce({ ...surroundings, fn, options, signal, attempt, left })
      if (end.kind === 'done') return end.value
      if (end.kind === 'failed') throw end.error
      if (attempt > maxRetries) throw lastError(end)
      left = end.left ?? null
      await pause(pauseMillis(attempt, surroundings.random()), signal)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** PostgreSQL's own words where it is PostgreSQL that refused; else that nothing was applied. */
function lastError({ error, node }: { error: Error; node: string }): Error {
  return classifyError(error).kind === 'connection' ? notApplied(node, error, 'transaction') : error
}

async function runOnce<T>(run: Run<T>): Promise<End<T>> {
  const { dispatcher, request, signal, keeper, options } = run
  const lease = releasedOnce(await takeLease(dispatcher, { request, signal }))
  const { client } = lease
  const token = keeper !== null && options.readOnly !== true ? keeper.token() : null
  const tx = openTransaction(client, { attempt: run.attempt, signal })
  let commitSent = false
  // Nothing is committed that was not told to be: to cut the connection undoes it all.
  const onAbort = (): void => {
    if (commitSent) return
    // Else what it runs would go on, with its locks, until it next writes to a socket that is gone.
    cancelOn(client).catch(() => {})
    destroyClient(client, asError(signal.reason))
  }
  signal.addEventListener('abort', onAbort)
  try {
    signal.throwIfAborted()
    if (run.left !== null) await endLeftBehind(lease, run.left)
    await tx.own(beginText(options, token))
    const value = await untilAborted(run.fn(tx.client), signal)
    tx.close()
    const status = client.getTransactionStatus()
    if (status !== 'T')
      throw tx.lastError ?? new Error(`The transaction ended before its function did (${status})`)
    const witness = token === null ? await askWitness(run, { lease, tx }) : null
    signal.throwIfAborted()
    const { node } = lease.pool
    // On what was believed before a sleep nothing is committed: the node may have lost its place since.
    if (keeper?.mayCommit(node) === false)
      throw wantsRerun(`${node} was not heard from for too long to commit there`)
    commitSent = true
    return await commit(run, lease, { value, witness, token })
  } catch (error) {
    tx.close()
    if (signal.aborted) return { kind: 'failed', error: signal.reason }
    return await afterFailure(run, { lease, tx, error })
  } finally {
    signal.removeEventListener('abort', onAbort)
    lease.release(client.getTransactionStatus() !== 'I')
  }
}

/** As if the server had asked for it: a serialization failure. */
function wantsRerun(message: string): Error {
  return Object.assign(new Error(message), { code: '40001', severity: 'ERROR' })
}

function releasedOnce({ release, ...lease }: Lease): Lease {
  let isReleased = false
  return {
    ...lease,
    release: (destroy) => {
      if (!isReleased) release(destroy)
      isReleased = true
    },
  }
}

interface Failure {
  readonly lease: Lease
  readonly tx: OpenTransaction
  readonly error: unknown
}

/** Before the commit was sent: nothing is applied, whatever happened. */
async function afterFailure<T>(run: Run<T>, { lease, tx, error }: Failure): Promise<End<T>> {
  const { client, pool, release } = lease
  const { generation, node } = pool
  const { lastError } = tx
  const meaning = lastError === null ? null : classifyError(lastError)
  const isLost = meaning?.kind === 'connection'
  const isBroken = client.getTransactionStatus() === 'E'
  const mayBeDemoted = wantsPrimary(run.request) && run.options.readOnly !== true && !isRoleReported(client)
  const left = isLost && lastError !== null ? leftBehind(lease, lastError) : null
  if (isLost) release(true)
  else await client.query('rollback').catch(() => release(true))
  const decisive = ((isLost || isBroken) && lastError) || error
  if (isLost || (mayBeDemoted && meaning?.kind === 'refusedReadOnly')) {
    run.dispatcher.report(pool, generation, lastError)
  }
  if (decisive instanceof Error && isWorthRerunning({ error: decisive, isLost, mayBeDemoted })) {
    return { kind: 'again', error: decisive, node, left }
  }
  return { kind: 'failed', error }
}

/** After all it has written and before its commit: what to look for if the answer to that is lost. */
async function askWitness<T>(
  { keeper, options, request }: Run<T>,
  { lease: { pool }, tx }: Pick<Failure, 'lease' | 'tx'>,
): Promise<Witness | null> {
  if (keeper === null || options.readOnly === true || !wantsPrimary(request) || keeper.mute.has(pool))
    return null
  try {
    const types = { getTypeParser: () => String } as never
    const { rows } = await tx.own({ text: WITNESS_QUESTION, rowMode: 'array', types } as never)
    return readWitness((rows[0] ?? []) as unknown as (string | null)[])
  } catch (error) {
    if (!/^(42|0A|55)/.test(errorCode(error) ?? '')) throw error
    // The question has undone the transaction, and the next run does without it.
    keeper.mute.add(pool)
    throw wantsRerun('The server cannot name a transaction')
  }
}

async function commit<T>(
  run: Run<T>,
  { client, pool, release }: Lease,
  { value, witness, token }: { value: T; witness: Witness | null; token: string | null },
): Promise<End<T>> {
  const { generation, node } = pool
  try {
    const { command } = await client.query('commit')
    if (command === 'COMMIT') return { kind: 'done', value }
    return { kind: 'failed', error: new Error('The transaction was rolled back at its commit') }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (classifyError(error).connection === 'kept') {
      // Refused at its commit: a deferred constraint, or a conflict that serializable transactions find only there.
      const again = isWorthRerunning({ error, isLost: false, mayBeDemoted: false })
      return again ? { kind: 'again', error, node } : { kind: 'failed', error }
    }
    release(true)
    run.dispatcher.report(pool, generation, error)
    if (run.options.readOnly === true) return { kind: 'again', error, node }
    return findOut(run, { value, error, node, witness, token })
  }
}

interface LostTransaction<T> {
  readonly value: T
  readonly error: Error
  readonly node: string
  readonly witness: Witness | null
  readonly token: string | null
}

async function findOut<T>({ keeper }: Run<T>, lost: LostTransaction<T>): Promise<End<T>> {
  const { value, error, node, witness, token } = lost
  const what = 'transaction'
  if (keeper === null || (witness === null && token === null)) {
    return { kind: 'failed', error: inDoubt(node, error, { what }) }
  }
  const since = keeper.clock()
  const systemIdentifier = keeper.systemIdentifier(node)
  const commit = witness === null ? null : { node, witness, systemIdentifier, mayWriteUnnumbered: true }
  const { fate, reason } = await keeper.find({ commit, token })
  const outcome = fate === 'inProgress' ? 'unknown' : fate
  const xid = witness?.xid ?? null
  keeper.tell({ outcome, of: 'transaction', node, xid, reason, waitedMillis: keeper.clock() - since })
  switch (outcome) {
    case 'committed':
      return { kind: 'done', value }
    case 'notCommitted':
      return { kind: 'again', error, node }
    case 'unknown':
      return { kind: 'failed', error: inDoubt(node, error, { reason, xid, lsn: witness?.lsn ?? null, what }) }
    default:
      return assertNever(outcome)
  }
}

/** A function that waits for something else must not outlive the signal. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(asError(signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(asError(signal.reason))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, millis)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
