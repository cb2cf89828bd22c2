// What is known of functions: whether calling one may write. Learnt from the cluster's pg_proc, by the names that texts
// use; what is not known counts as writing. Pure values; who asks the cluster is not known here.
import { type CalledFunction, functionKey } from './statement-class.ts'

/** One function of the cluster, all of its overloads taken together. */
export interface FunctionRow {
  readonly schema: string
  readonly name: string
  /** Any overload is volatile, or is a procedure. */
  readonly isVolatile: boolean
  /** Its schema is on the search path of the application's sessions. */
  readonly isOnPath: boolean
}

export type Volatility = 'harmless' | 'volatile' | 'missing'

/** By `functionKey`. */
export type FunctionKnowledge = ReadonlyMap<string, Volatility>

/**
 * Built-in functions that are called volatile because their result changes, not because they change anything. Those that
 * leave something behind in the session (setseed, set_config, advisory locks) or in the cluster are not among them.
 */
const CHANGE_NOTHING: ReadonlySet<string> = new Set([
  ...['random', 'random_normal', 'array_sample', 'array_shuffle', 'clock_timestamp', 'timeofday'],
  ...['gen_random_uuid', 'uuidv4', 'uuidv7', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until'],
  ...[
    'pg_is_in_recovery',
    'pg_last_wal_receive_lsn',
    'pg_last_wal_replay_lsn',
    'pg_last_xact_replay_timestamp',
  ],
  ...['pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size', 'pg_database_size'],
  ...['pg_tablespace_size', 'pg_partition_tree', 'pg_partition_ancestors', 'pg_xact_commit_timestamp'],
])

/** Built-in functions that are called stable, and assign a transaction its number all the same. */
const WRITE_ANYWAY: ReadonlySet<string> = new Set(['txid_current', 'pg_current_xact_id'])

/** What a lookup of these names found, as knowledge of each; an unqualified name stands for all that the path may mean. */
export function knowledgeOf(
  asked: readonly CalledFunction[],
  rows: readonly FunctionRow[],
): ReadonlyMap<string, Volatility> {
  return new Map(
    asked.map((call) => {
      const meant = rows.filter(
        (row) => row.name === call.name && (call.schema === null ? row.isOnPath : row.schema === call.schema),
      )
      const volatility = meant.length === 0 ? 'missing' : meant.some(mayWrite) ? 'volatile' : 'harmless'
      return [functionKey(call), volatility] as const
    }),
  )
}

function mayWrite({ schema, name, isVolatile }: FunctionRow): boolean {
  if (schema !== 'pg_catalog') return isVolatile
  return isVolatile ? !CHANGE_NOTHING.has(name) : WRITE_ANYWAY.has(name)
}
