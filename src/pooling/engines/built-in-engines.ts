// The engines that have a name: pg-pool, and the one that keeps no connection.
import PgPool from 'pg-pool'
import type { PoolEngineFactory, PoolEngineName } from '../../config/pool-engine.ts'

const ENGINES: Readonly<Record<PoolEngineName, PoolEngineFactory>> = {
  'pg-pool': (options) => new PgPool(options),
  // `max` still bounds how many there are at a time; each ends when it comes back.
  none: (options) => new PgPool({ ...options, maxUses: 1, min: 0 }),
}

export function poolEngine(chosen: PoolEngineName | PoolEngineFactory): PoolEngineFactory {
  return typeof chosen === 'function' ? chosen : ENGINES[chosen]
}
