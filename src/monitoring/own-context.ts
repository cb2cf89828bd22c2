// The async context of the monitor, which is nobody's: what is done for all must not pass for the doing, in traces and logs,
// of the request that happened to begin it.
import { AsyncResource } from 'node:async_hooks'

/** Made when this file is loaded, before there are requests. */
const own = new AsyncResource('PgHaMonitor')

export function inOwnContext<T>(work: () => T): T {
  return own.runInAsyncScope(work)
}
