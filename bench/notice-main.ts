// `npm run bench:split-brain`: how soon a second primary is noticed, and writes go on. `--rounds 10 --settled-rounds 3`.
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { INTERVAL_MILLIS, measureNotice } from './notice.ts'
import type { Spread } from './statistics.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    'settled-rounds': { type: 'string', default: '3' },
  },
})
const plan = { rounds: Number(values.rounds), settledRounds: Number(values['settled-rounds']) }
process.stdout.write(`Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`)
const { noticed, resumed, settled, rounds } = await measureNotice(plan, (text) => {
  process.stderr.write(`${text}\n`)
})
process.stdout.write(
  [
    '',
    `In intervals of ${INTERVAL_MILLIS} ms, ${rounds.noticed} promotions each beside a living primary`,
    line('noticed by the looks alone', noticed.looks),
    line('noticed while a connection to the promoted standby is in use', noticed.connection),
    line('noticed with Patroni asked, whose word came first', noticed.manager),
    line('written again after a follower had moved', resumed.follower),
    line('written again after the promotion, with Patroni’s word', resumed.manager),
    `In settling times of 10 s, ${rounds.settled} promotions that nobody followed`,
    line('written again to the first one, after the promotion', settled),
    '',
  ].join('\n'),
)

function line(what: string, { median, quarter, threeQuarters, max }: Spread): string {
  const half = `(middle half ${quarter.toFixed(2)}-${threeQuarters.toFixed(2)})`
  return `  ${what.padEnd(64)} median ${median.toFixed(2)} ${half}, most ${max.toFixed(2)}`
}
