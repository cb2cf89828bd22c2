// Runs a program to its end and gives what it printed.
import { execFile } from 'node:child_process'

const LONGEST_MILLIS = 120_000

export interface CommandOptions {
  readonly input?: string
  readonly millis?: number
}

/** Rejects with what the program complained of. */
export function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [program = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: options.millis ?? LONGEST_MILLIS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`${argv.join(' ')}: ${stderr.trim() || stdout.trim() || error.message}`))
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input ?? '')
  })
}

/** For what may fail because it is done already. */
export async function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  return command(argv, options).catch(() => '')
}
