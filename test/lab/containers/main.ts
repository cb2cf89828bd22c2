// `npm run test:containers [-- scenario...] [--short]`: the scenarios of the container lab, over testcontainers. The image is the
// official one, or the one that PGHA_LAB_IMAGE names. Exit code 77: there is no container engine.
import { parseArgs } from 'node:util'
import { getContainerRuntimeClient } from 'testcontainers'
import { playChosen } from '../play-chosen.ts'
import { serveFirst } from '../priority.ts'
import { containerScenarios } from '../scenarios/containers.ts'
import { ContainerLab } from './container-lab.ts'

const OFFICIAL_IMAGE = 'postgres:15'
const CANNOT_RUN = 77

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    results: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
})

process.exitCode = await main()
// What a killed container left behind (a half-open socket) must not hold the program.
process.exit()

async function main(): Promise<number> {
  if (values.help) {
    for (const { name, title } of containerScenarios) process.stdout.write(`${name.padEnd(28)} ${title}\n`)
    return 0
  }
  try {
    await getContainerRuntimeClient()
  } catch (error) {
    process.stdout.write(`No container engine: ${(error as Error).message}\n`)
    return CANNOT_RUN
  }
  serveFirst(process.pid)
  const lab = new ContainerLab(process.env.PGHA_LAB_IMAGE ?? OFFICIAL_IMAGE)
  return playChosen({ lab, scenarios: containerScenarios }, { ...values, names: positionals })
}
