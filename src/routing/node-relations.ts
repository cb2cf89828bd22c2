// Views of PostgreSQL that tell of the node they are read on, not of the data: what runs there, how it is set, how it
// replicates. Read on a standby they would answer another question than the one that was asked of the database.

export const NODE_RELATION_REASON = 'it asks about the server it runs on'

const NAMES: ReadonlySet<string> = new Set([
  ...[
    'pg_locks',
    'pg_settings',
    'pg_file_settings',
    'pg_hba_file_rules',
    'pg_ident_file_mappings',
    'pg_config',
  ],
  ...['pg_cursors', 'pg_prepared_statements', 'pg_prepared_xacts', 'pg_backend_memory_contexts', 'pg_aios'],
  ...['pg_shmem_allocations', 'pg_shmem_allocations_numa', 'pg_wait_events', 'pg_replication_slots'],
  ...['pg_replication_origin_status', 'pg_subscription', 'pg_subscription_rel'],
])

/** `fields` of a RangeVar. */
export function tellsOfItsNode({ schemaname, relname }: Readonly<Record<string, unknown>>): boolean {
  if (typeof relname !== 'string' || (schemaname !== undefined && schemaname !== 'pg_catalog')) return false
  // The statistics of the optimizer are data of the database; the others are counted by each server for itself.
  if (relname === 'pg_statistic' || relname === 'pg_stats' || relname.startsWith('pg_stats_')) return false
  return relname.startsWith('pg_stat_') || relname.startsWith('pg_statio_') || NAMES.has(relname)
}
