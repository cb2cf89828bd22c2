// A lab's state, a line for each host.
import { rowsOf } from './direct-query.ts'
import type { Lab } from './port.ts'

const LOOK = `select case when pg_is_in_recovery() then 'standby' else 'primary' end as role,
  (select count(*) from pg_stat_replication where state = 'streaming')::int as followers`

export async function describeLab(lab: Lab): Promise<readonly string[]> {
  const [primary, holders] = await Promise.all([lab.primary(), lab.addressHolders()])
  const lines = await Promise.all(
    lab.hosts.map(async (host) => {
      const state = await rowsOf<{ role: string; followers: number }>(lab.directUrl(host), LOOK).then(
        ([row]) => `${row?.role}, ${row?.followers} standbys stream from it`,
        (error: { code?: string; message: string }) => `no answer (${error.code ?? error.message})`,
      )
      const marks = [
        ...(host.name === primary?.name ? ['leader'] : []),
        ...(holders.includes(host.name) ? ['holds the VIP'] : []),
      ]
      return `${host.name} ${host.address}:${host.port} ${state}${marks.map((mark) => `, ${mark}`).join('')}`
    }),
  )
  return lines
}
