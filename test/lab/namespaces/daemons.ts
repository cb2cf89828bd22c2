// Programs that run on a lab's host, each in a session of its own, known by pid. A pid counts only while it is inside the
// host's namespace: what is there is ours. Knows nothing of what the programs do.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isGone, killTree } from '../../../src/testing/process-tree.ts'
import { waitUntil } from '../../../src/testing/wait-until.ts'
import { serveFirst } from '../priority.ts'
import type { NamespaceHost } from './layout.ts'
import { pidsInside } from './network.ts'

export const SERVER_BINARIES = '/usr/lib/postgresql/15/bin'

export interface Daemon {
  readonly name: string
  readonly argv: readonly string[]
  /** As root, or as the account that owns the databases. */
  readonly account: 'root' | 'postgres'
}

const GONE_MILLIS = 60_000

/** What runs a program as the account that owns the databases, with an environment of its own. */
export const AS_POSTGRES: readonly string[] = [
  ...['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'],
  ...['env', '-i', `PATH=${SERVER_BINARIES}:/usr/bin:/bin`, 'LANG=C.UTF-8', 'PYTHONUNBUFFERED=1'],
]

/** Starts it, unless it runs already. */
export async function launch(host: NamespaceHost, daemon: Daemon): Promise<void> {
  if ((await pidOf(host, daemon.name)) !== undefined) return
  await mkdir(path.join(host.folder, 'pids'), { recursive: true })
  await mkdir(path.join(host.folder, 'log'), { recursive: true })
  const log = openSync(path.join(host.folder, 'log', `${daemon.name}.log`), 'a')
  const account = daemon.account === 'postgres' ? [...AS_POSTGRES, `HOME=${host.folder}`] : []
  // Each of these programs becomes the next one: the pid is the daemon's own.
  const argv = ['netns', 'exec', host.namespace, ...account, ...daemon.argv]
  const child = spawn('ip', argv, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  await once(child, 'spawn')
  child.unref()
  const pid = child.pid ?? 0
  serveFirst(pid)
  await writeFile(pidFile(host, daemon.name), String(pid))
  await waitUntil(async () => isGone(pid) || (await pidsInside(host)).includes(pid), {
    what: `${daemon.name} to enter ${host.name}`,
    millis: GONE_MILLIS,
  })
}

/** Its pid, while it runs. */
export async function pidOf(host: NamespaceHost, name: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile(host, name), 'utf8').catch(() => '0'))
  return pid > 0 && !isGone(pid) && (await pidsInside(host)).includes(pid) ? pid : undefined
}

export async function signal(host: NamespaceHost, name: string, sent: NodeJS.Signals): Promise<void> {
  const pid = await pidOf(host, name)
  if (pid !== undefined) process.kill(pid, sent)
}

/** Kills it alone. */
export async function kill(host: NamespaceHost, name: string): Promise<void> {
  await signal(host, name, 'SIGKILL')
}

/** Kills it and its children at once, none seeing another die. */
export async function killWithChildren(host: NamespaceHost, name: string): Promise<void> {
  const pid = await pidOf(host, name)
  if (pid !== undefined) killTree(pid)
}

/** Asks it to end, and waits for that. */
export async function terminate(host: NamespaceHost, name: string): Promise<void> {
  const pid = await pidOf(host, name)
  if (pid === undefined) return
  process.kill(pid, 'SIGTERM')
  await waitUntil(() => isGone(pid), { what: `${name} on ${host.name} to end`, millis: GONE_MILLIS })
}

/** Every process inside the host that runs this program. */
export async function pidsRunning(host: NamespaceHost, program: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const pid of await pidsInside(host)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    if (name.trim() === program && !isGone(pid)) found.push(pid)
  }
  return found
}

/** Kills the processes that run this program, but for the one whose pid is given. */
export async function killRunning(host: NamespaceHost, program: string, spared?: number): Promise<void> {
  for (const pid of await pidsRunning(host, program)) if (pid !== spared) killOne(pid)
}

/** Kills what is left inside the host. */
export async function killAllInside(host: NamespaceHost): Promise<void> {
  await waitUntil(
    async () => {
      const left = (await pidsInside(host)).filter((pid) => !isGone(pid))
      for (const pid of left) killOne(pid)
      return left.length === 0
    },
    { what: `${host.name} to be empty`, millis: GONE_MILLIS },
  )
}

/** The pid of the server that runs in the host's data folder. */
export async function postmasterOf(host: NamespaceHost): Promise<number | undefined> {
  const lock = await readFile(path.join(host.data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(lock.split('\n')[0])
  return pid > 0 && !isGone(pid) && (await pidsInside(host)).includes(pid) ? pid : undefined
}

function pidFile(host: NamespaceHost, name: string): string {
  return path.join(host.folder, 'pids', name)
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
