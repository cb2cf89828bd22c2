// What the rounds of failovers and silences have in common: a cluster at rest before, the first write through the pool after.
import type { Cluster } from '../src/testing/index.ts'
import type { Pool } from './subject.ts'

export const DEADLINE_MILLIS = 20_000

export type OurPool = InstanceType<typeof Pool>

/** When the first write was acknowledged; one that fails is followed by the next, as an application would do. */
export async function firstWriteThrough(pool: OurPool, errors: Record<string, number>): Promise<number> {
  const deadline = performance.now() + DEADLINE_MILLIS
  for (;;) {
    try {
      await pool.query('insert into bench_rounds default values')
      return performance.now()
    } catch (error) {
      const kind = (error as { code?: string }).code ?? String(error)
      errors[kind] = (errors[kind] ?? 0) + 1
      if (performance.now() > deadline) throw error
    }
  }
}

/** Resolves when the pool, too, knows of the standbys: each round begins in calm. */
export async function untilCalm(pool: OurPool, cluster: Cluster): Promise<void> {
  const deadline = performance.now() + DEADLINE_MILLIS
  await pool.query('select 1')
  const isCalm = (): boolean =>
    pool.cluster.nodes.filter((node) => node.state === 'standby').length === cluster.standbys.length
  while (!isCalm()) {
    if (performance.now() > deadline) throw new Error('The pool did not see the cluster calm again')
    await pause(10)
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}
