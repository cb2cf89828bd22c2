// The options pg gets for one node: what all nodes share, with its own host and port.
import type { PoolConfig } from 'pg'
import type { Host } from '../topology/host.ts'
import type { ConnectionLimits, Settings } from './settings.ts'

/** A fresh object, with the password enumerable so that a copy keeps it: for pg's hands only, never for a message. */
export function nodeOptions(
  { poolOptions }: Settings,
  { host, port }: Pick<Host, 'host' | 'port'>,
): PoolConfig {
  const options: PoolConfig = { ...poolOptions, host, port }
  if (poolOptions.password !== undefined) options.password = poolOptions.password
  return options
}

/** With limits of its own; the same object. */
export function limited(options: PoolConfig, { max, min }: ConnectionLimits): PoolConfig {
  if (max !== undefined) options.max = max
  if (min !== undefined) options.min = min
  return options
}

/** How many connections for writes are kept open where nobody writes yet. */
export function warmCount(settings: Settings): number {
  const { min } = limited({ ...settings.poolOptions }, settings.writeLimits)
  return Math.min(min || 0, keptCount(settings))
}

/** How many connections for writes to one node may be at rest. */
export function keptCount({ poolOptions, poolEngine, writeLimits }: Settings): number {
  // What is closed after each use cannot be kept.
  if (poolEngine === 'none' || poolOptions.maxUses === 1) return 0
  return limited({ ...poolOptions }, writeLimits).max || DEFAULT_MAX
}

/** pg-pool's own. */
export const DEFAULT_MAX = 10
