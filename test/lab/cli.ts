// `npm run lab -- <verb>`: the lab by hand, or scenarios in it.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { HIGHEST_NUMBER, layoutOf } from './namespaces/layout.ts'
import { PatroniLab } from './namespaces/patroni-lab.ts'
import { whyNot } from './needs.ts'
import type { Lab, LabHost } from './port.ts'
import { serveFirst } from './priority.ts'
import { runMatrix } from './run-matrix.ts'
import { patroniScenarios } from './scenarios/patroni.ts'
import { describeLab } from './status.ts'

/** What cannot run here is no failure (as for automake's tests). */
const CANNOT_RUN = 77

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    number: { type: 'string', default: '0' },
    short: { type: 'boolean', default: false },
    results: { type: 'string' },
    minutes: { type: 'string', default: '360' },
    help: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main()
// What a killed network left behind (a half-open socket, a lookup) must not hold the program.
process.exit()

async function main(): Promise<number> {
  const [verb = 'help', ...rest] = positionals
  if (verb === 'help' || values.help) return help()
  const reason = whyNot()
  if (reason !== undefined) {
    say(reason)
    return CANNOT_RUN
  }
  serveFirst(process.pid)
  if (verb === 'run') return run(rest)
  const lab = new PatroniLab(Number(values.number))
  switch (verb) {
    case 'up':
      await lab.start()
      for (const { name, url } of lab.ways) say(`${name.padEnd(10)} ${url}`)
      return 0
    case 'down':
      await lab.stop()
      return 0
    case 'status':
      for (const line of await describeLab(lab)) say(line)
      return 0
    case 'ready':
      await lab.untilReady()
      return 0
    case 'heal':
      return apply(lab, { fault: rest[0], target: rest[1], act: 'heal' })
    default:
      return apply(lab, { fault: verb, target: rest[0], act: 'inject' })
  }
}

async function run(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !patroniScenarios.some((scenario) => scenario.name === name))
  if (unknown.length > 0) return refuse(`No scenario ${unknown.join(', ')}: see npm run lab -- help`)
  const chosen = patroniScenarios.filter(({ name, inShort }) =>
    names.length > 0 ? names.includes(name) : !values.short || inShort,
  )
  const lab = new PatroniLab(freeNumber())
  const interrupt = new AbortController()
  const end = (why: string) => (): void => interrupt.abort(new Error(why))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end('Interrupted'))
  setTimeout(
    end(`The run took longer than ${values.minutes} minutes`),
    Number(values.minutes) * 60_000,
  ).unref()
  const matrix = { lab, scenarios: chosen, folder: values.results, say, signal: interrupt.signal }
  const { passed, failed } = await runMatrix(matrix)
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

/** A run takes a lab that nobody has. */
function freeNumber(): number {
  for (let number = 1; number <= HIGHEST_NUMBER; number++)
    if (!existsSync(layoutOf(number).folder)) return number
  throw new Error(`${HIGHEST_NUMBER} labs are up: take one down with npm run lab -- down --number <n>`)
}

async function apply(
  lab: Lab,
  {
    fault = '',
    target = 'primary',
    act,
  }: { fault: string | undefined; target: string | undefined; act: 'inject' | 'heal' },
): Promise<number> {
  const found = lab.faults[fault]
  if (found === undefined) return refuse(`No verb and no fault "${fault}": see npm run lab -- help`)
  const host = await hostOf(lab, target)
  if (host === undefined) return refuse(`No host "${target}": a name, primary, standby or holder`)
  await found[act](host)
  say(`${host.name}: ${act === 'heal' ? 'healed' : found.says}`)
  return 0
}

async function hostOf(lab: Lab, target: string): Promise<LabHost | undefined> {
  const primary = await lab.primary()
  if (target === 'primary') return primary
  if (target === 'standby') return lab.hosts.find(({ name }) => name !== primary?.name)
  const wanted = target === 'holder' ? (await lab.addressHolders())[0] : target
  return lab.hosts.find(({ name }) => name === wanted)
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 1
}

function help(): number {
  const faults = Object.entries(new PatroniLab(0).faults).map(
    ([name, { says }]) => `  ${name.padEnd(26)} ${says}`,
  )
  const rows = patroniScenarios.map(({ name, area, title }) => `  ${name.padEnd(32)} ${area}: ${title}`)
  say(`npm run lab -- <verb> [--number <n>]

up, down, status, ready        a lab that stays until it is taken down; needs root (test/lab/install installs the rest)
<fault> [host]                 breaks something on a host: its name, primary (default), standby or holder of the VIP
heal <fault> [host]            heals it
run [scenario...] [--short] [--results <folder>] [--minutes <n>]
                               runs scenarios in a lab of their own, and takes it down, after so many minutes at the latest

Faults:
${faults.join('\n')}

Scenarios:
${rows.join('\n')}`)
  return 0
}
