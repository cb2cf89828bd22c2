// A statement as a batch that names its transaction: whether it is run so, and what is known of it when its connection is
// lost. Judges nothing.
import type { QueryConfig, Submittable } from 'pg'
import type { CommitOutcome } from '../events.ts'
import { type BatchFate, endedInOrder, fateOfBatch } from '../failover/batch-fate.ts'
import type { FateFinding, LostCommit } from '../failover/commit-outcome.ts'
import { isDirect } from '../failover/witness.ts'
import { isWitnessable, writtenRows } from '../failover/witnessable.ts'
import { type RouteRequest, wantsPrimary } from '../routing/request.ts'
import type { Lease } from './attempt.ts'
import type { NodePool } from './node-pool.ts'
import type { Sought } from './outcome-lookup.ts'
import { isReadToEnd, localEnd, SESSION, type TrackedClient } from './tracked-client.ts'
import { WitnessedQuery } from './witnessed-query.ts'

/** How lost commits are dealt with. */
export interface OutcomeKeeper {
  /** Whether a write to this node is committed only once its transaction is named. */
  holds(node: string): boolean
  /** False: this process slept, and the node may have lost its place since it was last heard. */
  mayCommit(node: string): boolean
  /** For one write; null: none are wanted. */
  token(): string | null
  /** Servers that cannot be asked. */
  readonly mute: WeakSet<NodePool>
  systemIdentifier(node: string): string | null
  find(sought: Sought): Promise<FateFinding>
  tell(outcome: CommitOutcome): void
  clock(): number
}

/** The statement as a batch, where it is one that may be run so; else null. */
export function batchFor(
  text: string | QueryConfig | Submittable,
  values: unknown,
  { keeper, lease, request }: { keeper: OutcomeKeeper; lease: Lease; request: RouteRequest },
): WitnessedQuery | null {
  if (request.intent !== 'write' || !wantsPrimary(request) || keeper.mute.has(lease.pool)) return null
  const { connection, pipeline } = lease.client as TrackedClient & { readonly pipeline?: boolean }
  if (connection === undefined || pipeline === true) return null
  const config = typeof text === 'string' ? { text, values } : (text as QueryConfig & { rows?: unknown })
  // pg refuses no statement at all in its own words.
  if (config === undefined || config === null) return null
  if ('submit' in config || ('rows' in config && config.rows) || typeof config.text !== 'string') return null
  const given = values ?? config.values
  if (!isWitnessable(config.text, { values: Array.isArray(given) && given.length > 0 })) return null
  const { node } = lease.pool
  return new WitnessedQuery(text as string | QueryConfig, values, {
    hold: keeper.holds(node),
    mayCommit: () => keeper.mayCommit(node),
    token: keeper.token(),
  })
}

/** After each batch that was answered: whether an end of this connection will tell something. */
export function learnDirectness(client: TrackedClient, { witness }: WitnessedQuery): void {
  const session = client[SESSION]
  if (session.isDirect === null && witness !== null) session.isDirect = isDirect(witness, localEnd(client))
}

interface Ending {
  readonly client: TrackedClient
  readonly error: Error
  readonly fromPostgres: boolean
}

export function batchFate(batch: WitnessedQuery | null, ending: Ending): BatchFate {
  if (batch === null || !batch.isSubmitted) return 'dark'
  return fateOfBatch({
    commitSent: batch.commitSent,
    answered: batch.stage === 'witnessed',
    isNamed: batch.token !== null || batch.witness !== null,
    endedInOrder: isEndedInOrder(ending),
  })
}

export function isEndedInOrder({ client, error, fromPostgres }: Ending): boolean {
  return endedInOrder({
    saidGoodbye: fromPostgres && isFarewell(error),
    readToEnd: isReadToEnd(client),
    isDirect: client[SESSION].isDirect,
  })
}

/** With the place in PostgreSQL's own source: what a pooler makes up has none. */
function isFarewell(error: Error): boolean {
  const { severity, routine } = error as { severity?: unknown; routine?: unknown }
  return (severity === 'FATAL' || severity === 'PANIC') && typeof routine === 'string'
}

export function soughtCommit(
  batch: WitnessedQuery,
  { node, systemIdentifier }: { node: string; systemIdentifier: string | null },
): Sought {
  const { witness, token, commandTag, text } = batch
  const rows = writtenRows(commandTag ?? '')
  const commit: LostCommit | null =
    witness === null
      ? null
      : { node, witness, systemIdentifier, mayWriteUnnumbered: rows !== 0 || /^\W*with\b/i.test(text) }
  return { commit, token }
}
