// What an operator does by hand in a cluster without a manager: promotes a standby, and lets the others follow it. Over SQL
// alone, so that it works whatever the servers run in.
import { SUPERUSER } from './accounts.ts'
import { asksServer, rowsOf } from './direct-query.ts'
import type { LabHost } from './port.ts'
import { until } from './until.ts'

const STEP_MILLIS = 30_000
/** What a standby has received. */
const RECEIVED = `select pg_is_in_recovery() as standby,
  pg_wal_lsn_diff(coalesce(pg_last_wal_receive_lsn(), '0/0'), '0/0')::float8 as bytes`

export interface Operator {
  directUrl(host: LabHost): string
  /** How a standby reaches this host, for primary_conninfo. */
  upstreamOf(host: LabHost): string
}

/** Promotes this host, and waits until it takes writes. */
export async function promote(operator: Operator, host: LabHost): Promise<void> {
  await rowsOf(operator.directUrl(host), 'select pg_promote(wait => false)')
  await until(() => asksServer(operator.directUrl(host), 'select not pg_is_in_recovery() as yes'), {
    what: `The promotion of ${host.name}`,
    millis: STEP_MILLIS,
  })
}

export async function follow(operator: Operator, host: LabHost, leader: LabHost): Promise<void> {
  const url = operator.directUrl(host)
  const conninfo = `${operator.upstreamOf(leader)} application_name=${host.name}`
  await rowsOf(url, `alter system set primary_conninfo = '${conninfo}'`)
  await rowsOf(url, 'select pg_reload_conf()')
}

/** The standby that has received most takes over, and the other standbys follow it. Gives the new primary. */
export async function failOver<Host extends LabHost>(
  operator: Operator,
  candidates: readonly Host[],
): Promise<Host> {
  const received = await Promise.all(
    candidates.map(async (host) => {
      const answer = rowsOf<{ standby: boolean; bytes: number }>(operator.directUrl(host), RECEIVED)
      const [row] = await answer.catch(() => [])
      return { host, bytes: row?.standby ? row.bytes : Number.NEGATIVE_INFINITY }
    }),
  )
  const standbys = received.filter(({ bytes }) => Number.isFinite(bytes)).sort((a, b) => b.bytes - a.bytes)
  const [best, ...others] = standbys.map(({ host }) => host)
  if (best === undefined) throw new Error('No standby is left to be promoted')
  await promote(operator, best)
  for (const host of others) await follow(operator, host, best)
  return best
}

/** Whether this host is the primary, and so many standbys stream from it. */
export function leads(operator: Operator, host: LabHost, standbys: number): Promise<boolean> {
  const streaming = `select count(*) from pg_stat_replication where state = 'streaming'`
  return asksServer(
    operator.directUrl(host),
    `select not pg_is_in_recovery() and (${streaming}) >= ${standbys} as yes`,
  )
}

export function superuserUrl({ address, port }: LabHost, database: string): string {
  return `postgres://${SUPERUSER.username}:${SUPERUSER.password}@${address}:${port}/${database}`
}
