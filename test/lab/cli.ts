// `npm run lab -- <verb>`: the lab by hand, or scenarios in it.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { kindNamed, kinds } from './kinds.ts'
import { HIGHEST_NUMBER, layoutOf } from './namespaces/layout.ts'
import { whyNot } from './needs.ts'
import { playChosen } from './play-chosen.ts'
import type { Lab, LabHost } from './port.ts'
import { serveFirst } from './priority.ts'
import { describeLab } from './status.ts'

/** What cannot run here is no failure (as for automake's tests). */
const CANNOT_RUN = 77

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    number: { type: 'string', default: '0' },
    lab: { type: 'string', default: 'patroni' },
    short: { type: 'boolean', default: false },
    results: { type: 'string' },
    minutes: { type: 'string', default: '360' },
    help: { type: 'boolean', default: false },
  },
})
const kind = kindNamed(values.lab) ?? kinds.patroni
const say = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main()
// What a killed network left behind (a half-open socket, a lookup) must not hold the program.
process.exit()

async function main(): Promise<number> {
  const [verb = 'help', ...rest] = positionals
  if (verb === 'help' || values.help) return help()
  if (kindNamed(values.lab) === undefined)
    return refuse(`No lab "${values.lab}": ${Object.keys(kinds).join(', ')}`)
  const reason = whyNot(kind.programs)
  if (reason !== undefined) {
    say(reason)
    return CANNOT_RUN
  }
  serveFirst(process.pid)
  if (verb === 'run') return run(rest)
  const lab = kind.make(Number(values.number))
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
    case 'synchronous':
      return setSynchronous(lab, rest[0])
    case 'heal':
      return apply(lab, { fault: rest[0], target: rest[1], act: 'heal' })
    default:
      return apply(lab, { fault: verb, target: rest[0], act: 'inject' })
  }
}

async function run(names: readonly string[]): Promise<number> {
  return playChosen({ lab: kind.make(freeNumber()), scenarios: kind.scenarios }, { ...values, names })
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

async function setSynchronous(lab: Lab, word: string | undefined): Promise<number> {
  if (word !== 'on' && word !== 'off') return refuse('Synchronous replication: on or off')
  if (lab.setSynchronous === undefined) return refuse(`The lab "${lab.name}" has no switch for it`)
  await lab.setSynchronous(word === 'on')
  say(`Synchronous replication is ${word}`)
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
  const faults = Object.entries(kind.make(0).faults).map(([name, { says }]) => `  ${name.padEnd(26)} ${says}`)
  const rows = kind.scenarios.map(({ name, area, title }) => `  ${name.padEnd(32)} ${area}: ${title}`)
  say(`npm run lab -- <verb> [--lab ${Object.keys(kinds).join(' | ')}] [--number <n>]

up, down, status, ready        a lab that stays until it is taken down; needs root (test/lab/install installs the rest)
synchronous on | off           Patroni's synchronous mode
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
