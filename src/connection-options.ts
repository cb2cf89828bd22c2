// The options of one node's connections by what they are for: the application's statements, its reads, the looks at the node.
import type { PoolConfig } from 'pg'
import type { Settings } from './config/settings.ts'
import { verifyRole } from './pooling/role-check.ts'
import { type ClientClass, trackedClientClass } from './pooling/tracked-client.ts'

/** The role of each new connection is made sure of. */
export function connectionOptions(
  options: PoolConfig,
  { settings, isPooled }: { settings: Settings; isPooled: () => boolean },
): PoolConfig {
  options.Client = trackedClientClass(options.Client as ClientClass | undefined) as never
  if (settings.monitored) options.verify = verifyRole(options.verify, isPooled)
  return options
}

/** Sessions that cannot write unless they ask for it, wherever they run. */
export function readOnly(options: PoolConfig): PoolConfig {
  const startup = [options.options, '-c default_transaction_read_only=on'].filter(Boolean).join(' ')
  return { ...options, options: startup }
}

export function monitorOptions(options: PoolConfig, settings: Settings): PoolConfig {
  const login: PoolConfig = {
    ...options,
    application_name: 'pg-ha monitor',
    pipeline: false,
    query_timeout: 0,
    // The application may parse values as it likes; evidence is read as PostgreSQL writes it.
    types: { getTypeParser: () => String } as never,
  }
  Object.defineProperty(login, 'password', {
    value: settings.monitorPassword ?? options.password,
    enumerable: false,
  })
  if (settings.monitorUser !== undefined) login.user = settings.monitorUser
  return login
}
