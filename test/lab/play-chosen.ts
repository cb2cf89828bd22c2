// Runs a choice of a lab's scenarios for a command line, says how they went, and ends early when it is told to.
import { type Matrix, runMatrix } from './run-matrix.ts'

export interface Choice {
  /** Of scenarios; none: all, or the short selection. */
  readonly names: readonly string[]
  readonly short: boolean
  /** A folder. */
  readonly results?: string | undefined
  /** How long the run may take in all. */
  readonly minutes: string
}

/** The exit code. Prints "N passed, N failed" last. */
export async function playChosen(
  { lab, scenarios, ...how }: Pick<Matrix, 'lab' | 'scenarios' | 'play' | 'bundle'>,
  choice: Choice,
  say = (line: string): void => void process.stdout.write(`${line}\n`),
): Promise<number> {
  const { names, short, results: folder, minutes } = choice
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown.length > 0) {
    process.stderr.write(`No scenario ${unknown.join(', ')}: see --help\n`)
    return 1
  }
  const chosen = scenarios.filter(({ name, inShort }) =>
    names.length > 0 ? names.includes(name) : !short || inShort,
  )
  const interrupt = new AbortController()
  const end = (why: string) => (): void => interrupt.abort(new Error(why))
  const interrupted = end('Interrupted')
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupted)
  const timer = setTimeout(end(`The run took longer than ${minutes} minutes`), Number(minutes) * 60_000)
  const run = runMatrix({ ...how, lab, scenarios: chosen, folder, say, signal: interrupt.signal })
  const { passed, failed } = await run.finally(() => {
    clearTimeout(timer)
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupted)
  })
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
