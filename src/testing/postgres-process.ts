// One running postmaster: start, stop, kill, freeze. Knows nothing of replication, proxies or clusters.

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { freezeTree, isGone, killTree, thawTree } from './process-tree.ts'
import type { Reaper } from './reaper.ts'
import type { ServerAccount } from './server-account.ts'
import { serverSpawnOptions } from './server-environment.ts'
import { waitUntil, withDeadline } from './wait-until.ts'

/** smart waits for clients to leave, fast ends them, immediate leaves the rest to crash recovery. */
export type StopMode = 'smart' | 'fast' | 'immediate'

export interface PostgresOptions {
  /** Used in errors. */
  readonly name: string
  readonly postgres: string
  readonly data: string
  readonly logFile: string
  readonly account: ServerAccount
  readonly reaper: Reaper
  /** The server has bound its port; it may still be recovering. */
  readonly onListening: () => Promise<void>
  /** However it came about, in the turn in which we learn of it. */
  readonly onExit: () => void
}

const startMillis = 60_000
const stopMillis = 60_000
const killMillis = 10_000
const stopSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const

export class PostgresProcess {
  readonly pid: number
  readonly #name: string
  readonly #exited: Promise<void>
  #hasExited = false

  private constructor(name: string, pid: number, child: ChildProcess) {
    this.#name = name
    this.pid = pid
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.#hasExited = true
        resolve()
      })
    })
  }

  /** Resolves when the server accepts connections; kills it and rejects with the end of its log otherwise. */
  static async start(options: PostgresOptions): Promise<PostgresProcess> {
    const log = openSync(options.logFile, 'a')
    const child = spawn(options.postgres, ['-D', options.data], {
      ...serverSpawnOptions(options.account),
      // Of a session of its own: an interrupt from the terminal is meant for the caller.
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    child.unref()
    if (child.pid === undefined) {
      throw await new Promise<Error>((resolve) => child.once('error', resolve))
    }
    options.reaper.watch(child.pid)
    const server = new PostgresProcess(options.name, child.pid, child)
    child.once('exit', options.onExit)
    try {
      await server.#becomeReady(options)
    } catch (error) {
      await server.kill()
      throw new Error(
        `${options.name} did not start: ${(error as Error).message}\n${await logTail(options.logFile)}`,
      )
    }
    return server
  }

  async stop(mode: StopMode): Promise<void> {
    if (this.#hasExited) return
    process.kill(this.pid, stopSignals[mode])
    await this.#exit(`A ${mode} stop of ${this.#name}`, stopMillis)
  }

  /** SIGKILL to the server and every child at once; resolves when all are gone. */
  async kill(): Promise<void> {
    if (this.#hasExited) return
    const pids = killTree(this.pid)
    await this.#exit(`Killing ${this.#name}`, killMillis)
    await waitUntil(() => pids.every(isGone), { what: `Killing ${this.#name}`, millis: killMillis })
  }

  freeze(): void {
    if (!this.#hasExited) freezeTree(this.pid)
  }

  thaw(): void {
    if (!this.#hasExited) thawTree(this.pid)
  }

  /** Makes it read its configuration again. */
  reload(): void {
    if (!this.#hasExited) process.kill(this.pid, 'SIGHUP')
  }

  #exit(what: string, millis: number): Promise<void> {
    return withDeadline(this.#exited, { what, millis })
  }

  async #becomeReady({ data, onListening }: PostgresOptions): Promise<void> {
    let isListening = false
    await waitUntil(
      async () => {
        if (this.#hasExited) throw new Error('it exited at once')
        const status = await readStatus(data, this.pid)
        if (status !== undefined && !isListening) {
          isListening = true
          await onListening()
        }
        return status === 'ready'
      },
      { what: 'Becoming ready', millis: startMillis },
    )
  }
}

// The lock file's first line is the pid, its eighth the state, written once the port is bound.
async function readStatus(data: string, pid: number): Promise<string | undefined> {
  const text = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  return Number(lines[0]) === pid ? lines[7]?.trim() || undefined : undefined
}

async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-15).join('\n')
}
