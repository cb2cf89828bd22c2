// The question a monitor asks, and how its answer is read. One round trip, on servers 12 to 18, for any login role.
import type { ProbeAnswer } from '../topology/probe-result.ts'

/**
 * Not from pg_control_checkpoint(): its timeline lags behind a promotion. Functions that fail in recovery are guarded by
 * CASE. Logical subscribers and base backups are no followers.
 */
export const FULL_QUERY = `
select r.in_recovery,
  pg_catalog.current_setting('default_transaction_read_only') as read_only,
  pg_catalog.current_setting('server_version_num') as server_version,
  pg_catalog.pg_backend_pid() as backend_pid,
  extract(epoch from pg_catalog.pg_postmaster_start_time()) * 1000 as server_start_millis,
  (select system_identifier::text from pg_catalog.pg_control_system()) as system_identifier,
  case when not r.in_recovery then pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) end as wal_file,
  case when not r.in_recovery then pg_catalog.pg_current_wal_insert_lsn()::text end as write_lsn,
  case when r.in_recovery then pg_catalog.pg_last_wal_receive_lsn()::text end as receive_lsn,
  case when r.in_recovery then pg_catalog.pg_last_wal_replay_lsn()::text end as replay_lsn,
  case when r.in_recovery then
    extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) * 1000
  end as replay_age_millis,
  f.followers, f.sync_followers, f.sync_visible,
  pg_catalog.current_setting('synchronous_standby_names') as sync_names,
  pg_catalog.current_setting('synchronous_commit') as sync_commit,
  (select rolreplication or rolsuper from pg_catalog.pg_roles where rolname = current_user) as may_trace,
  pg_catalog.host(pg_catalog.inet_server_addr()) as own_host, pg_catalog.inet_server_port() as own_port,
  (select count(*) from pg_catalog.pg_stat_wal_receiver) as receivers,
  w.received_tli, w.sender_host, w.sender_port,
  extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp()) * 1000 as serving_millis
from (select pg_catalog.pg_is_in_recovery() as in_recovery) r
left join pg_catalog.pg_stat_wal_receiver w on true
cross join (
  select count(*) as followers,
    count(*) filter (where f.sync_state in ('sync', 'quorum') and f.state = 'streaming') as sync_followers,
    count(*) filter (where f.sync_state is not null) as sync_visible
  from pg_catalog.pg_stat_replication f
  where f.application_name not in ('pg_basebackup', 'pg_receivewal') and not exists (
    select from pg_catalog.pg_replication_slots s where s.active_pid = f.pid and s.slot_type = 'logical'
  )
) f`

/** For servers that hide or lack what the full question reads: the role alone. */
export const BASIC_QUERY = `
select pg_catalog.pg_is_in_recovery() as in_recovery,
  pg_catalog.current_setting('default_transaction_read_only') as read_only,
  pg_catalog.pg_backend_pid() as backend_pid`

/** One row of either question, as text or as pg's type parsers made it. */
export type ProbeRow = Readonly<Record<string, unknown>>

export function readAnswer(
  row: ProbeRow,
  look: { askedAtMillis: number; answeredAtMillis: number; processId: number | null },
): ProbeAnswer | null {
  const inRecovery = boolean(row.in_recovery)
  if (inRecovery === null) return null
  return {
    kind: 'answer',
    askedAtMillis: look.askedAtMillis,
    roundTripMillis: look.answeredAtMillis - look.askedAtMillis,
    servingMillis: number(row.serving_millis),
    isPooled: isPooled(row, look.processId),
    role: inRecovery ? 'standby' : 'primary',
    readOnly: text(row.read_only) === 'on',
    serverVersion: number(row.server_version),
    serverStartMillis: number(row.server_start_millis),
    systemIdentifier: text(row.system_identifier),
    timeline: inRecovery ? number(row.received_tli) : timelineOf(text(row.wal_file)),
    writeLsn: text(row.write_lsn),
    receiveLsn: text(row.receive_lsn),
    replayLsn: text(row.replay_lsn),
    replayAgeMillis: number(row.replay_age_millis),
    followers: number(row.followers),
    receiving: inRecovery && row.receivers !== undefined ? (number(row.receivers) ?? 0) > 0 : null,
    upstream: placeOf(row.sender_host, row.sender_port),
    ownAddress: placeOf(row.own_host, row.own_port),
    canCommit: inRecovery ? null : canCommit(row),
    mayTrace: boolean(row.may_trace) === true,
  }
}

/** A pooler gives its clients process numbers of its own making; a proxy of bytes passes on the server's. */
function isPooled(row: ProbeRow, processId: number | null): boolean | null {
  const backend = number(row.backend_pid)
  return backend === null || processId === null ? null : backend !== processId
}

/** Whether the standbys that a commit waits for are there. Who of them counts is visible to pg_monitor only. */
function canCommit(row: ProbeRow): boolean | null {
  const names = text(row.sync_names)
  if (names === null) return null
  if (names.trim() === '' || ['off', 'local'].includes(text(row.sync_commit) ?? '')) return true
  const needed = Number(/^(?:FIRST|ANY)?\s*(\d+)\s*\(/i.exec(names.trim())?.[1] ?? 1)
  const followers = number(row.followers)
  if (followers === null) return null
  if (followers < needed) return false
  const visible = number(row.sync_visible) ?? 0
  return visible < followers ? null : (number(row.sync_followers) ?? 0) >= needed
}

function placeOf(host: unknown, port: unknown): { host: string; port: number } | null {
  const [known, at] = [text(host), number(port)]
  return known === null || at === null ? null : { host: known, port: at }
}

/** The first eight hexadecimal digits of a WAL file's name. */
function timelineOf(walFile: string | null): number | null {
  if (walFile === null || !/^[0-9A-F]{24}$/.test(walFile)) return null
  return Number.parseInt(walFile.slice(0, 8), 16)
}

function boolean(value: unknown): boolean | null {
  if (value === true || value === 't') return true
  if (value === false || value === 'f') return false
  return null
}

function number(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null
  const parsed = Number(value)
  return Number.isFinite(parsed) ? parsed : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
