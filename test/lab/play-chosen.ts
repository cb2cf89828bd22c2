// Runs a choice of a lab's scenarios for a command line, says how they went, and ends early when it is told to.
import type { Lab } from './port.ts'
import { runMatrix } from './run-matrix.ts'
import type { Scenario } from './scenarios/scenario.ts'

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
export async function playChosen(lab: Lab, scenarios: readonly Scenario[], choice: Choice): Promise<number> {
  const { names, short, results: folder, minutes } = choice
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown.length > 0) {
    process.stderr.write(`No scenario ${unknown.join(', ')}: see --help\n`)
    return 1
  }
  const chosen = scenarios.filter(({ name, inShort }) =>
    names.length > 0 ? names.includes(name) : !short || inShort,
  )
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const interrupt = new AbortController()
  const end = (why: string) => (): void => interrupt.abort(new Error(why))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end('Interrupted'))
  setTimeout(end(`The run took longer than ${minutes} minutes`), Number(minutes) * 60_000).unref()
  const { passed, failed } = await runMatrix({
    lab,
    scenarios: chosen,
    folder,
    say,
    signal: interrupt.signal,
  })
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
