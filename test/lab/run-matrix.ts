// Runs scenarios one after the other in one lab, says how each went, and keeps a JSON file of each.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { withDeadline } from '../../src/testing/wait-until.ts'
import { bundleApplication } from './application/bundle.ts'
import type { Lab } from './port.ts'
import type { ClientResult, ScenarioResult } from './results/result.ts'
import { runScenario, type Setting } from './scenarios/run-scenario.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** More than all the waits of a scenario that goes well, in the slowest lab. */
const SCENARIO_MILLIS = 6 * 60_000
/** Beyond it, whatever is left of the lab stays: the run ends. */
const STOP_MILLIS = 90_000

export interface Matrix {
  readonly lab: Lab
  readonly scenarios: readonly Scenario[]
  /** Where the results go; undefined: nowhere. */
  readonly folder: string | undefined
  readonly say: (line: string) => void
  /** Ends the run early, and takes the lab down; what was not played by then has failed. */
  readonly signal: AbortSignal
  /** Carries a scenario out. */
  readonly play?: (setting: Setting, scenario: Scenario) => Promise<ScenarioResult>
  /** Makes the applications' program, in a folder of its own. */
  readonly bundle?: () => Promise<string>
}

export interface Score {
  readonly passed: number
  readonly failed: number
}

/** Every way of every scenario counts once. The lab is started and stopped. */
export async function runMatrix(matrix: Matrix): Promise<Score> {
  const { lab, scenarios, folder, say, signal, play = runScenario, bundle = bundleApplication } = matrix
  const program = await bundle()
  let passed = 0
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('Interrupted')), { once: true })
  })
  interrupted.catch(() => {})
  try {
    say(`Starting the lab "${lab.name}"`)
    await Promise.race([startTwice({ lab, say, signal }), interrupted])
    for (const scenario of scenarios) {
      const begun = performance.now()
      const result = await Promise.race([
        playTwice({ lab, program, play, say, signal }, scenario),
        interrupted,
      ])
      const seconds = Math.round((performance.now() - begun) / 1000)
      if (result === undefined) continue
      const broken = result.clients.filter(({ faults }) => faults.length > 0)
      passed += lab.ways.length - broken.length
      for (const line of describe(result, seconds)) say(line)
      if (folder !== undefined) await keep(folder, result)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    say(`FAILED ${(signal.reason as Error).message}: the lab is being taken down`)
  } finally {
    await withDeadline(lab.stop(), { what: 'Taking the lab down', millis: STOP_MILLIS })
    await rm(path.dirname(program), { recursive: true, force: true })
  }
  return { passed, failed: scenarios.length * lab.ways.length - passed }
}

type Session = Required<Pick<Matrix, 'lab' | 'say' | 'signal'>>

/** A busy machine may have kept a server, or an election, for too long. */
async function startTwice({ lab, say, signal }: Session): Promise<void> {
  try {
    await lab.start()
  } catch (error) {
    if (signal.aborted) throw error
    say(`The lab did not start: ${(error as Error).message}; once more`)
    await lab.stop()
    await lab.start()
  }
}

/**
 * A cluster that does not do what the scenario needs says nothing of the client, and one on a machine that others keep busy
 * little of its times: once more, with a new one.
 */
async function playTwice(
  { lab, program, play, say, signal }: Session & Setting & Required<Pick<Matrix, 'play'>>,
  scenario: Scenario,
): Promise<ScenarioResult | undefined> {
  for (const attempt of [1, 2]) {
    try {
      const result = await withDeadline(play({ lab, program }, scenario), {
        what: 'The scenario',
        millis: SCENARIO_MILLIS,
      })
      const broken = result.clients.filter(({ faults }) => faults.length > 0)
      const isDoubtful = broken.length > 0 && broken.every(({ mayBeSlowness }) => mayBeSlowness)
      if (attempt === 2 || !isDoubtful) return result
      throw new Error(
        broken.flatMap(({ way, faults }) => faults.map((fault) => `${way}: ${fault}`)).join('; '),
      )
    } catch (error) {
      if (signal.aborted) throw error
      const begins = attempt === 1 ? '' : 'FAILED '
      say(
        `${begins}${scenario.name}: ${(error as Error).message}${attempt === 1 ? '; once more in a new lab' : ''}`,
      )
      await lab.stop()
      await lab.start().catch((failure: Error) => say(`The new lab: ${failure.message}`))
    }
  }
  return undefined
}

async function keep(folder: string, result: ScenarioResult): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, `${result.name}.json`), `${JSON.stringify(result)}\n`)
}

function describe(result: ScenarioResult, seconds: number): readonly string[] {
  const isBroken = result.clients.some(({ faults }) => faults.length > 0)
  const { name, primaries, downtimeMillis, effectMillis, returnMillis } = result
  return [
    `${isBroken ? 'FAIL' : 'pass'}  ${name} (${seconds} s): primary ${primaries.map((one) => one ?? 'none').join(' -> ')}, ` +
      `no writable primary for ${downtimeMillis} ms, effect after ${effectMillis} ms, whole again after ${returnMillis} ms`,
    ...result.clients.map(describeClient),
  ]
}

function describeClient({ way, client, measures, faults }: ClientResult): string {
  const { writeGapMillis, readGapMillis, addedMillis, detectMillis, errors, acknowledged, lost } = measures
  const { doubled, hanging, onWrongPrimary, onWrongPrimaryAfterNotice } = measures
  const wrong = onWrongPrimaryAfterNotice === null ? '' : `, after notice ${onWrongPrimaryAfterNotice}`
  const counts = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`)
  return [
    `      ${way.padEnd(9)} ${client.padEnd(7)} noticed after ${detectMillis ?? '-'} ms, no writes for ${writeGapMillis} ms`,
    `(added ${addedMillis ?? '-'}), no reads for ${readGapMillis} ms, acknowledged ${acknowledged}, lost ${lost},`,
    `doubled ${doubled}, hanging ${hanging}, on the wrong primary ${onWrongPrimary}${wrong}, errors: ${counts.join(', ') || 'none'}`,
    faults.length > 0 ? `\n        BROKEN: ${faults.join('; ')}` : '',
  ].join(' ')
}
