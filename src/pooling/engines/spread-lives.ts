// Gives each connection a life of its own, a little shorter than `maxLifetimeSeconds`: those that were made together, as
// after a failover, do not end together.
import type { PoolConfig } from 'pg'
import type { PoolEngine, PoolEngineFactory } from '../../config/pool-engine.ts'

/** The part of its life that chance may take. */
const SPREAD = 0.1

/** `random` is uniform in [0, 1). */
export function withSpreadLives(makeEngine: PoolEngineFactory, random: () => number): PoolEngineFactory {
  return (options) => {
    const { maxLifetimeSeconds = 0 } = options
    if (maxLifetimeSeconds === 0) return makeEngine(options)
    const life = {
      get: () => maxLifetimeSeconds * (1 - SPREAD * random()),
      enumerable: true,
      configurable: true,
    }
    const engine = makeEngine(Object.defineProperty({ ...options }, 'maxLifetimeSeconds', life))
    // pg-pool reads it of a copy, for each connection anew.
    const { options: copy } = engine as PoolEngine & { readonly options?: PoolConfig }
    if (copy?.maxLifetimeSeconds !== undefined) Object.defineProperty(copy, 'maxLifetimeSeconds', life)
    return engine
  }
}
