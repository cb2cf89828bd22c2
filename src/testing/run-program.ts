// Runs a short program to its end. Knows nothing of PostgreSQL.

import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import path from 'node:path'
import { withDeadline } from './wait-until.ts'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly options: SpawnOptions
  readonly deadlineMillis: number
  /** Called with the running process, before anything is awaited. */
  readonly onSpawn?: (child: ChildProcess) => void
}

/** Resolves when the program has ended well; rejects with what it wrote to stderr, and kills it when overdue. */
export async function runProgram(program: Program): Promise<void> {
  const name = path.basename(program.command)
  const child = spawn(program.command, program.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...program.options,
  })
  program.onSpawn?.(child)
  let complaint = ''
  child.stderr?.on('data', (text) => {
    complaint += text
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${name} ended with ${signal ?? `code ${code}`}: ${complaint.trim()}`))
    })
  })
  try {
    await withDeadline(ended, { what: `Running ${name}`, millis: program.deadlineMillis })
  } finally {
    child.kill('SIGKILL')
  }
}
