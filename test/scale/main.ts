// `npm run scale`: a failover seen from ten thousand processes, in simulation. Prints the tables of docs/scale.md, and writes
// their figures (storms.json, to be formatted by `npm run format`) and pictures beside it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PLANS, PROCESSES } from './plans.ts'
import { plot } from './plot.ts'
import { type Behaviour, looksPerSecond, type Storm, simulateStorm } from './storm.ts'
import { looksTable, stormTable } from './tables.ts'

const COLOURS: Readonly<Record<Behaviour, string>> = { 'pg-ha': '#1c7ed6', naive: '#e03131' }
const BEHAVIOURS = ['pg-ha', 'naive'] as const
const folder = fileURLToPath(new URL('../../docs/scale/', import.meta.url))

mkdirSync(folder, { recursive: true })
const storms: Record<string, Record<Behaviour, Storm>> = {}
for (const [name, { title, options }] of Object.entries(PLANS)) {
  const both = {
    'pg-ha': simulateStorm('pg-ha', options),
    naive: simulateStorm('naive', options),
  }
  storms[name] = both
  process.stdout.write(`${title}\n\n${stormTable(both).join('\n')}\n\n`)
  const draw = (of: 'loginsPerSecond' | 'answeredBySecond', words: string): void => {
    const curves = BEHAVIOURS.map((kind) => ({
      label: kind,
      colour: COLOURS[kind],
      values: both[kind][of],
      isSum: of === 'answeredBySecond',
    }))
    writeFileSync(`${folder}${name}-${words.replaceAll(' ', '-')}.svg`, plot(`${title}: ${words}`, curves))
  }
  draw('loginsPerSecond', 'logins a second')
  draw('answeredBySecond', 'statements answered')
}
writeFileSync(`${folder}storms.json`, `${JSON.stringify(storms)}\n`)
process.stdout.write(
  `${looksTable((when, steadyMillis) => looksPerSecond(when, { processes: PROCESSES, steadyMillis })).join('\n')}\n`,
)
