// Waits for what a pool says or shows, with a deadline instead of a sleep.
import { once } from 'node:events'
import type { ClusterSnapshot, Pool, PoolEvents } from '../../src/index.ts'

const DEADLINE_MILLIS = 20_000

/** The next event of this name. */
export async function nextEvent<K extends keyof PoolEvents>(pool: Pool, name: K): Promise<PoolEvents[K]> {
  const [payload] = await once(pool, name, { signal: AbortSignal.timeout(DEADLINE_MILLIS) })
  return payload as PoolEvents[K]
}

/** Resolves when the picture of the cluster satisfies `holds`; looks again at every event and every few milliseconds. */
export async function untilCluster(
  pool: Pool,
  holds: (cluster: ClusterSnapshot) => boolean,
): Promise<ClusterSnapshot> {
  return until(() => (holds(pool.cluster) ? pool.cluster : null), 'the cluster as expected')
}

/** Polls until `look` returns something; fails after the deadline. */
export async function until<T>(
  look: () => T | null | Promise<T | null>,
  what: string,
  deadlineMillis = DEADLINE_MILLIS,
): Promise<T> {
  const deadline = performance.now() + deadlineMillis
  for (;;) {
    const seen = await look()
    if (seen !== null) return seen
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`)
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}
