// The environment servers and their programs run in: nothing of the caller's PG* variables, one language for logs.

import type { SpawnOptions } from 'node:child_process'
import type { ServerAccount } from './server-account.ts'

export function serverSpawnOptions(account: ServerAccount): SpawnOptions {
  const kept = ['PATH', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot', 'HOME']
  const env = Object.fromEntries(
    kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  )
  return {
    ...account,
    env: { ...env, LC_ALL: 'C', TZ: 'UTC' },
    // A folder that the account can surely enter.
    cwd: process.platform === 'win32' ? undefined : '/',
  }
}
