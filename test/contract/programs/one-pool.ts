// Started as a process of its own: does one thing with one pool, without a single error listener, and says how far it
// came. Whether and how the process ends is what is looked at.
import { once } from 'node:events'
import pg from 'pg'
import { Pool, type PoolEngineName, type PoolOptions } from '../../../src/index.ts'
import { genericPool } from '../../../src/pooling/engines/generic-pool.ts'

export interface Order {
  /** Which pool: pg's own, or ours on this engine. */
  readonly engine: 'pg.Pool' | PoolEngineName | 'genericPool'
  readonly options: pg.PoolConfig
  readonly scenario: 'idleDeath' | 'leasedDeath' | 'leaveIdle'
}

const { engine, options, scenario } = JSON.parse(process.argv[2] ?? '') as Order
const pool = open()

function open(): pg.Pool {
  if (engine === 'pg.Pool') return new pg.Pool(options)
  return new Pool({
    ...options,
    poolEngine: engine === 'genericPool' ? genericPool() : engine,
  } as PoolOptions)
}

async function terminateOne(): Promise<void> {
  const [victim, killer] = await Promise.all([pool.connect(), pool.connect()])
  const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid')
  if (scenario === 'idleDeath') victim.release()
  const ended = once(victim.connection, 'end')
  await killer.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  await ended
  killer.release()
  await pool.query('select 1')
  await pool.end()
}

async function leaveIdle(): Promise<void> {
  pool.on('remove', () => console.log('removed'))
  await pool.query('select 1')
}

await (scenario === 'leaveIdle' ? leaveIdle() : terminateOne())
console.log('done')
