// Finds out what became of a commit whose answer never came: asks the primary, as soon as there is one, until it is decided or
// the time is up. What the answers mean is judged elsewhere.
import { pauseMillis } from '../failover/backoff.ts'
import { type FateFinding, fateOfUnnumbered, judgeFate, type LostCommit } from '../failover/commit-outcome.ts'
import type { RouteRequest } from '../routing/request.ts'
import type { Lease } from './attempt.ts'
import { CLAIM_TOKEN } from './commit-tokens.ts'
import type { Dispatcher } from './dispatcher.ts'
import { takeLease } from './lease.ts'
import { awaitDurability, endTransaction, hearPrimary } from './primary-testimony.ts'
import { destroyClient } from './tracked-client.ts'

export interface LookupOptions {
  readonly dispatcher: Dispatcher
  /** Leads to the primary. */
  readonly request: RouteRequest
  readonly clock: () => number
  readonly random: () => number
  /** When the server of this node was started, as last seen, in ms; null: not seen. */
  readonly startOf: (node: string) => number | null
  /** How long to look, in ms. */
  readonly timeoutMillis: number
}

/** A commit to look for: by its token where it has one, else by its transaction's number. */
export interface Sought {
  readonly commit: LostCommit | null
  readonly token: string | null
}

/** A transaction that is still in progress may be about to end by itself. */
const PATIENCE = 3

export async function findFate(sought: Sought, options: LookupOptions): Promise<FateFinding> {
  const { commit, token } = sought
  const known = token === null && commit !== null ? fateOfUnnumbered(commit) : null
  if (known !== null) return known
  const { clock, random, timeoutMillis } = options
  const endsAtMillis = clock() + timeoutMillis
  let reason = 'no primary answered in time'
  for (let tries = 1; clock() < endsAtMillis; tries++) {
    const lease = await takeLease(options.dispatcher, options).catch((error: Error) => error)
    if (lease instanceof Error)
      return { fate: 'unknown', reason: `no primary could be asked: ${lease.message}` }
    const finding = await askOnce(lease, sought, { ...options, endsAtMillis, tries })
    if (finding.fate !== 'inProgress') return finding
    reason = finding.reason
    await pause(pauseMillis(tries + 1, random()))
  }
  return { fate: 'unknown', reason }
}

/** An answer that did not come is no answer: it is asked for again. */
async function askOnce(
  lease: Lease,
  sought: Sought,
  { clock, startOf, endsAtMillis, tries }: LookupOptions & { endsAtMillis: number; tries: number },
): Promise<FateFinding> {
  const { client, release } = lease
  const timer = setTimeout(() => destroyClient(client), Math.max(1, endsAtMillis - clock()))
  try {
    const finding = await (sought.token === null
      ? askForNumber(lease, sought.commit, { startOf, tries })
      : claim(lease, sought.token))
    release()
    return finding
  } catch (error) {
    release(true)
    return { fate: 'inProgress', reason: `the primary was asked in vain: ${(error as Error).message}` }
  } finally {
    clearTimeout(timer)
  }
}

async function askForNumber(
  { client, pool }: Lease,
  lost: LostCommit | null,
  { startOf, tries }: Pick<LookupOptions, 'startOf'> & { tries: number },
): Promise<FateFinding> {
  const xid = lost?.witness.xid ?? null
  if (lost === null || xid === null) return { fate: 'unknown', reason: 'its transaction was not named' }
  const seen = await hearPrimary(client, pool.node, xid)
  const finding = judgeFate(lost, { ...seen, lastStartMillis: startOf(lost.node) })
  if (finding.fate === 'inProgress' && tries > PATIENCE) await endTransaction(client, xid)
  if (finding.fate === 'committed') await awaitDurability(client)
  return finding
}

async function claim({ client, pool }: Lease, token: string): Promise<FateFinding> {
  const { rowCount } = await client.query(CLAIM_TOKEN, [token])
  if (rowCount === 1) return { fate: 'notCommitted', reason: `its token was not found on ${pool.node}` }
  await awaitDurability(client)
  return { fate: 'committed', reason: `its token was found on ${pool.node}` }
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}
