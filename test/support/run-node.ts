// Runs one of the repository's own programs as a person would, in a process of its own, with a deadline.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly deadlineMillis?: number
  /** Called with what stdout and stderr hold so far, whenever there is more, and with a way to interrupt: as Ctrl-C does, or by another signal. */
  readonly watch?: (text: string, interrupt: (signal?: NodeJS.Signals) => void) => void
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DEADLINE_MILLIS = 60_000

/** `file` from the root of the repository. */
export async function runNode(file: string, options: RunOptions = {}): Promise<Ended> {
  const { args = [], env = {}, deadlineMillis = DEADLINE_MILLIS, watch } = options
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMillis,
    killSignal: 'SIGKILL',
  })
  const read = { stdout: '', stderr: '' }
  let isInterrupted = false
  // Once: a second one could meet a process that is past its handlers on its way out.
  const interrupt = (signal: NodeJS.Signals = 'SIGINT'): void => {
    if (!isInterrupted) child.kill(signal)
    isInterrupted = true
  }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      read[name] += text
      watch?.(read.stdout + read.stderr, interrupt)
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...read }
}
