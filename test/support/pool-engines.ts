// Every engine that a pool may run on, for tests that must hold on each.
import type { PoolOptions } from '../../src/index.ts'
import { genericPool } from '../../src/pooling/engines/generic-pool.ts'

export const POOL_ENGINES: readonly (readonly [name: string, engine: PoolOptions['poolEngine']])[] = [
  ['pg-pool', 'pg-pool'],
  ['none', 'none'],
  ['generic-pool', genericPool()],
]
