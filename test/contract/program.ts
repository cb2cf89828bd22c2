// Runs programs/one-pool.ts and reports how it ended.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Order } from './programs/one-pool.ts'

export interface Ending {
  /** Null: it had to be killed. */
  readonly exitCode: number | null
  readonly output: readonly string[]
  readonly errors: string
}

const PROGRAM = fileURLToPath(new URL('./programs/one-pool.ts', import.meta.url))
/** A process takes its time to start where others run beside it. */
const DEADLINE_MILLIS = 40_000

export async function runProgram(order: Order): Promise<Ending> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors]: [string[], string[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MILLIS)
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearTimeout(deadline)
  return { exitCode, output: output.join('').split('\n').filter(Boolean), errors: errors.join('') }
}
