// npm run fuzz: ten million texts or ten minutes of them through the parsers, whichever comes first. Exits with 1 for a crash, a
// hang, or a password in an error, and prints the text and the seed. `--seconds 20`, `--inputs 100000`, `--seed 7`.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { FuzzOrder, FuzzReport } from './worker.ts'

const HANG_MILLIS = 20_000
const MOST_FAULTS = 20

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, inputs: { type: 'string' }, seed: { type: 'string' } },
})
const order: FuzzOrder = {
  seed: number(values.seed, Math.floor(Math.random() * 2 ** 31)),
  inputs: number(values.inputs, 10_000_000),
  millis: number(values.seconds, 600) * 1000,
}
process.exitCode = await fuzz(order)

function number(text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`'${text}' is no number`)
  return value
}

/** The exit code. */
function fuzz(asked: FuzzOrder): Promise<number> {
  const startedAt = performance.now()
  const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [JSON.stringify(asked)], {
    execArgv: ['--import', 'tsx'],
  })
  let faults = 0
  let last: FuzzReport | undefined
  return new Promise((resolve) => {
    const end = (code: number): void => {
      clearTimeout(watchdog)
      worker.removeAllListeners()
      worker.kill('SIGKILL')
      resolve(code)
    }
    const hung = (): void => {
      console.log(`A hang, at or within the batch behind ${JSON.stringify(last)}, seed ${asked.seed}`)
      end(1)
    }
    let watchdog = setTimeout(hung, HANG_MILLIS)
    worker.on('exit', (code) => {
      console.log(
        `The worker ended by itself with ${code}, seed ${asked.seed}, after ${JSON.stringify(last)}`,
      )
      end(1)
    })
    worker.on('message', (message) => {
      const report = message as FuzzReport
      clearTimeout(watchdog)
      watchdog = setTimeout(hung, HANG_MILLIS)
      last = report
      if (report.kind === 'fault') {
        faults += 1
        console.log(`${JSON.stringify(report.input)}\n  ${report.fault}`)
        if (faults === MOST_FAULTS) end(1)
      } else if (report.kind === 'end') {
        const seconds = (performance.now() - startedAt) / 1000
        console.log(
          `${report.done} texts in ${seconds.toFixed(1)} s, ${report.refused} refused, ${faults} faults, seed ${asked.seed}`,
        )
        end(faults === 0 && report.done > 0 ? 0 : 1)
      }
    })
  })
}
