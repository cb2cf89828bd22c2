// The options pg gets for one node: what all nodes share, with its own host and port.
import type { PoolConfig } from 'pg'
import type { Host } from '../topology/host.ts'
import type { Settings } from './settings.ts'

/** A fresh object, with the password enumerable so that a copy keeps it: for pg's hands only, never for a message. */
export function nodeOptions(
  { poolOptions }: Settings,
  { host, port }: Pick<Host, 'host' | 'port'>,
): PoolConfig {
  const options: PoolConfig = { ...poolOptions, host, port }
  if (poolOptions.password !== undefined) options.password = poolOptions.password
  return options
}
