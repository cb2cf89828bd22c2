// `npm run bench:under-load`: what fifty writers feel while their primary goes. `--rounds 10`, `--only "killed primary"`.
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { measureUnderLoad, PLANS, type UnderLoad } from './under-load.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, only: { type: 'string' } },
})
const names = Object.keys(PLANS).filter((name) => values.only === undefined || name.includes(values.only))

process.stdout.write(`Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`)
for (const name of names) {
  const plan = PLANS[name]
  if (plan === undefined) continue
  const seen = await measureUnderLoad({ ...plan, rounds: Number(values.rounds) }, (text) => {
    process.stderr.write(`${name}, ${text}\n`)
  })
  process.stdout.write(`${page(name, seen)}\n`)
}

function page(name: string, { rounds, writes, reads, errors, delayMillis, firstMillis }: UnderLoad): string {
  return [
    '',
    `${name}: ${rounds} rounds, ${writes} writes${reads > 0 ? `, ${reads} reads` : ''}`,
    `  errors                                 ${JSON.stringify(errors)}`,
    `  a waiting write is answered after      median ${millis(delayMillis.median)}, p99 ${millis(delayMillis.p99)}, longest ${millis(delayMillis.max)}`,
    `  the first of a round                   median ${millis(firstMillis.median)}, longest ${millis(firstMillis.max)}`,
  ].join('\n')
}

function millis(value: number): string {
  return `${value.toFixed(1)} ms`
}
