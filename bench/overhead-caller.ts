// The process that calls one of the two pools: each has one of its own, as in an application, so that neither the compiler
// nor the collector mixes them up. Started with the pool's name and a URL; every message asks for one slice.
import pg from 'pg'
import { Pool } from './subject.ts'

export type PoolName = 'pg' | 'ours'

/** `violation`: an insert that meets a unique key. */
export type Work = 'select' | 'insert' | 'violation'

export interface SliceOrder {
  readonly work: Work
  readonly callers: number
  readonly millis: number
}

export interface Slice {
  readonly perSecond: number
  /** Processor time of the process for one query. */
  readonly cpuMicros: number
  readonly latencies: readonly number[]
}

const TEXTS: Readonly<Record<Work, string>> = {
  select: 'select 1',
  insert: 'insert into bench_writes default values',
  violation: 'insert into bench_unique values (1)',
}
const UNIQUE_VIOLATION = '23505'
const MAX_CONNECTIONS = 10

const [name, connectionString] = process.argv.slice(2)
const PoolClass = name === 'ours' ? Pool : pg.Pool
const pool = new PoolClass({ connectionString, max: MAX_CONNECTIONS })

process.on('message', (order: SliceOrder) => {
  run(order).then(
    (slice) => process.send?.(slice),
    (error: unknown) => {
      throw error
    },
  )
})
process.on('disconnect', () => process.exit())

async function run({ work, callers, millis }: SliceOrder): Promise<Slice> {
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + millis
  const call = async (): Promise<void> => {
    for (let now = performance.now(); now < endsAt; ) {
      await ask(work)
      const answeredAt = performance.now()
      latencies.push(answeredAt - now)
      now = answeredAt
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    perSecond: latencies.length / seconds,
    cpuMicros: (user + system) / latencies.length,
    latencies,
  }
}

async function ask(work: Work): Promise<void> {
  try {
    await pool.query(TEXTS[work])
  } catch (error) {
    if (work !== 'violation' || (error as { code?: string }).code !== UNIQUE_VIOLATION) throw error
  }
}
