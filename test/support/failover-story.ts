// One failover in the middle of somebody's writes, and what became of them. Every write it counts as acknowledged is on a
// standby before it is: the successor must have it.
import type { Cluster, ClusterNode } from '../../src/testing/index.ts'
import { waitUntil } from '../../src/testing/wait-until.ts'

export interface Outcome {
  readonly acknowledged: number
  /** Acknowledged by statements begun after the successor took over. */
  readonly afterwards: number
  readonly lost: readonly number[]
}

const ENOUGH = 5
const DEADLINE_MILLIS = 40_000

/** `write` inserts its number into `table`'s column id; it may fail while there is no primary. */
export async function throughFailover(
  cluster: Cluster,
  table: string,
  write: (id: number) => PromiseLike<unknown>,
): Promise<Outcome> {
  await cluster.primary.query("alter system set synchronous_standby_names to 'ANY 1 (*)'")
  await cluster.primary.query('select pg_reload_conf()')
  await waitUntil(async () => isSynchronous(cluster.primary), {
    what: 'A synchronous standby',
    millis: DEADLINE_MILLIS,
  })
  const acknowledged: number[] = []
  const [state, afterwards] = [{ isOver: false, isPromoted: false }, new Set<number>()]
  let next = 1
  const writer = async (): Promise<void> => {
    while (!state.isOver) {
      const id = next++
      const { isPromoted } = state
      try {
        await write(id)
        acknowledged.push(id)
        if (isPromoted) afterwards.add(id)
      } catch {
        // Told to its caller, who may not count it.
      }
    }
  }
  const writers = [writer(), writer()]
  const enough = { what: 'Writes', millis: DEADLINE_MILLIS }
  await waitUntil(async () => acknowledged.length >= ENOUGH, enough)
  await cluster.primary.kill()
  const successor = await cluster.mostAdvancedStandby()
  await successor.promote()
  state.isPromoted = true
  await waitUntil(async () => afterwards.size >= ENOUGH, enough)
  state.isOver = true
  await Promise.all(writers)
  const { rows } = await successor.query<{ id: number }>(`select id::int from ${table}`)
  const kept = new Set(rows.map(({ id }) => id))
  return {
    acknowledged: acknowledged.length,
    afterwards: afterwards.size,
    lost: acknowledged.filter((id) => !kept.has(id)),
  }
}

async function isSynchronous(node: ClusterNode): Promise<boolean> {
  const { rows } = await node.query("select 1 from pg_stat_replication where sync_state = 'quorum'")
  return rows.length > 0
}
