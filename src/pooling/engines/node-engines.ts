// The engine of each node's pools, by what the settings say: as it stands for one plain host, tamed in a cluster.
import type { PoolEngineFactory } from '../../config/pool-engine.ts'
import type { Settings } from '../../config/settings.ts'
import type { Intent } from '../../routing/request.ts'
import { poolEngine } from './built-in-engines.ts'
import { type PaceOptions, paced } from './paced-engine.ts'
import { withSpreadLives } from './spread-lives.ts'

export function nodeEngines(
  settings: Pick<Settings, 'poolEngine' | 'monitored' | 'failoverTimeoutMillis'>,
  chance: Pick<PaceOptions, 'clock' | 'random'>,
): Record<Intent, PoolEngineFactory> {
  const { poolEngine: chosen, monitored, failoverTimeoutMillis } = settings
  const plain = poolEngine(chosen)
  if (!monitored) return { read: plain, write: plain }
  const engine = withSpreadLives(plain, chance.random)
  // Another's engine has an order and a bound of its own, which a line before it would get in the way of.
  if (typeof chosen === 'function') return { read: engine, write: engine }
  return {
    // Another standby may be fit, or the primary: a read that is refused goes there.
    read: paced(engine, { ...chance, pausesAfterRefusal: false }),
    write: paced(engine, { ...chance, pausesAfterRefusal: failoverTimeoutMillis > 0 }),
  }
}
