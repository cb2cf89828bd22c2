// npm run simulate: 10,000 schedules, shared by all processors. `--seed 1 --count 100000`; `--brief` ends with the first failure.
// Prints every seed that fails, with what was done to the cluster, and the command that replays it: `--seed 29 --trace` tells each
// change of a verdict. Exits with 1 if a schedule failed, or if a claim was never put to the test.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Report, Share } from './run.ts'
import { type Outcome, runSchedule } from './schedule.ts'
import { VirtualTime } from './virtual-time.ts'

const MOST_SHOWN = 20
const CLAIMS = Array.from({ length: 12 }, (_, i) => i + 1)

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10000' },
    brief: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})
const first = whole(values.seed)
if (values.trace) await trace(first)
else await simulate(whole(values.count))

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`'${text}' is no number of schedules`)
  return value
}

async function trace(seed: number): Promise<void> {
  const time = new VirtualTime()
  time.install()
  const outcome = await runSchedule(time, seed, (line) => process.stdout.write(`${line}\n`))
  process.stdout.write(`${shown(outcome)}\n`)
  process.exitCode = outcome.violations.length > 0 ? 1 : 0
}

async function simulate(count: number): Promise<void> {
  const begun = performance.now()
  const step = Math.min(availableParallelism(), count)
  const sums = { done: 0, acknowledged: 0, refused: 0, failed: 0, checked: new Map<number, number>() }
  const shares = Array.from({ length: step }, (_, i) =>
    run({ first: first + i, end: first + count, step, isBrief: values.brief }, (report) => {
      if (report.kind === 'failure') {
        sums.failed += 1
        if (sums.failed <= MOST_SHOWN) process.stdout.write(`${shown(report.outcome)}\n`)
        return
      }
      sums.done += report.done
      sums.acknowledged += report.acknowledged
      sums.refused += report.refused
      for (const [claim, times] of report.checked) {
        sums.checked.set(claim, (sums.checked.get(claim) ?? 0) + times)
      }
    }),
  )
  const codes = await Promise.all(shares)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const claims = CLAIMS.map((claim) => `${claim}: ${sums.checked.get(claim) ?? 0}`)
  process.stdout.write(
    `${sums.done} schedules from seed ${first} in ${seconds} s; ${sums.acknowledged} writes acknowledged, ` +
      `${sums.refused} refused; claims checked: ${claims.join(', ')}\n`,
  )
  const untested = CLAIMS.filter((claim) => !sums.checked.has(claim))
  const isHole = count >= 100 && !values.brief && untested.length > 0
  if (isHole) process.stdout.write(`never put to the test: ${untested.join(', ')}\n`)
  process.stdout.write(`${sums.done - sums.failed} passed, ${sums.failed} failed\n`)
  process.exitCode = sums.failed > 0 || isHole || codes.some((code) => code !== 0) ? 1 : 0
}

/** Its exit code, after all its reports. */
function run(share: Share, hear: (report: Report) => void): Promise<number | null> {
  const child = fork(fileURLToPath(new URL('./run.ts', import.meta.url)), [JSON.stringify(share)], {
    execArgv: ['--import', 'tsx'],
  })
  child.on('message', (report) => hear(report as Report))
  return new Promise((resolve) => {
    child.on('exit', resolve)
  })
}

function shown({ seed, violations, deeds }: Outcome): string {
  if (violations.length === 0) return `seed ${seed}: every claim holds`
  const what = `seed ${seed}: ${violations.join('\n  ')}\n  after: ${deeds.join(', ')}`
  return `${what}\n  replay: npm run simulate -- --seed ${seed} --trace`
}
