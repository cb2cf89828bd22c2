// What a statement that was taken for a read and failed on a standby may still do: run on the primary.

/**
 * - `remember`: a standby cannot run it; it goes to the primary now and from now on
 * - `onPrimary`: the standby may not have seen yet what it speaks of; it goes to the primary this once
 * - `no`: the primary would say the same
 */
export type AfterRefusal = 'remember' | 'onPrimary' | 'no'

/** It writes, or wants what a server in recovery does not have: unlogged tables, transaction numbers, positions. */
const NOT_IN_RECOVERY: ReadonlySet<string> = new Set(['25006', '0A000', '55000'])
/** Tables, columns, functions, schemas, types, databases' roles: created a moment ago, and not replayed yet. */
const NOT_REPLAYED: ReadonlySet<string> = new Set(['42P01', '42703', '42883', '3F000', '42704'])

export function afterRefusal(sqlState: string | undefined): AfterRefusal {
  if (sqlState === undefined) return 'no'
  if (NOT_IN_RECOVERY.has(sqlState)) return 'remember'
  return NOT_REPLAYED.has(sqlState) ? 'onPrimary' : 'no'
}
