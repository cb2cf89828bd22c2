// A node's data on disk: made by initdb, copied, emptied, configured. Knows nothing of running servers.

import { existsSync } from 'node:fs'
import { appendFile, cp, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Reaper } from './reaper.ts'
import { runProgram } from './run-program.ts'
import type { RunnableBinaries } from './runnable-binaries.ts'
import type { ServerAccount } from './server-account.ts'
import { giveTo } from './server-account.ts'
import { serverSpawnOptions } from './server-environment.ts'

const initdbMillis = 60_000
const copyMillis = 60_000
const settingsFile = 'cluster.conf'

export async function initializeData(options: {
  binaries: RunnableBinaries
  account: ServerAccount
  reaper: Reaper
  data: string
  user: string
  password: string
}): Promise<void> {
  const { binaries, account, data, user, password } = options
  const passwordFile = `${data}.password`
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await giveTo(account, passwordFile)
  await runProgram({
    command: binaries.initdb,
    args: [
      `--pgdata=${data}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
    ],
    options: serverSpawnOptions(account),
    deadlineMillis: initdbMillis,
    onSpawn: (child) => child.pid !== undefined && options.reaper.watch(child.pid),
  })
  await rm(passwordFile)
  await appendFile(path.join(data, 'postgresql.conf'), `\ninclude_if_exists = '${settingsFile}'\n`)
}

/** Copies the data of a server that was shut down cleanly, or never ran. */
export async function copyData(account: ServerAccount, from: string, to: string): Promise<void> {
  if (process.platform === 'win32') {
    await cp(from, to, { recursive: true })
    return
  }
  await runProgram({
    command: 'cp',
    args: ['-Rp', from, to],
    options: serverSpawnOptions(account),
    deadlineMillis: copyMillis,
  })
}

/** Empties it for a clone. The folder itself and its lock file stay: by them the next start frees a dead server's memory. */
export async function emptyData(data: string): Promise<void> {
  const names = (await readdir(data)).filter((name) => name !== 'postmaster.pid')
  await Promise.all(
    names.map((name) => rm(path.join(data, name), { recursive: true, force: true, maxRetries: 5 })),
  )
}

/** Replaces the cluster's part of the configuration; a running server reads it at its next reload. */
export async function writeSettings(data: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replace(/[\\']/g, '$&$&')}'\n`,
  )
  await writeFile(path.join(data, settingsFile), lines.join(''), { mode: 0o644 })
}

/** A server with this mark starts as a standby; PostgreSQL removes it at promotion. */
export async function markAsStandby(data: string): Promise<void> {
  await writeFile(path.join(data, 'standby.signal'), '', { mode: 0o644 })
}

export function isMarkedAsStandby(data: string): boolean {
  return existsSync(path.join(data, 'standby.signal'))
}

/** A libpq connection string. */
export function conninfo(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}='${value.replace(/[\\']/g, '\\$&')}'`)
    .join(' ')
}
