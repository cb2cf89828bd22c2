// `npm run bench`: what the pool costs, and how fast it is when nodes are silent or die. `--json` prints one object and
// nothing else on stdout.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureCost } from './cost.ts'
import type { Cost, Costs } from './cost-program.ts'
import { type FailoverDelay, measureFailover } from './failover.ts'
import { type FirstConnection, measureFirstConnection } from './first-connection.ts'
import { measureOverhead, type Overhead } from './overhead.ts'
import { measureScaling, type Scaling } from './scaling.ts'
import { measureSilence, type Silence } from './silence.ts'
import { rounded, type Spread } from './statistics.ts'
import { measureWrites, type Writes } from './writes.ts'

const OVERHEAD = { callers: [1, 10, 50], pairs: 100, sliceMillis: 200 }
const WRITES = { callers: [1, 10, 50], pairs: 30, sliceMillis: 200 }
const FIRST_CONNECTIONS = 15
const FAILOVERS = 10
const SILENCES = 8
const SCALING = { pairs: 10, sliceMillis: 1000 }

/** What a choice and a classification may cost, in microseconds. */
const MOST_MICROS = { choice: { '3': 0.5, '100': 2 } as Record<string, number>, classification: 0.2 }

interface Figures {
  readonly cost: Costs
  readonly overhead: Readonly<Record<string, Overhead>>
  readonly writes: Writes
  readonly firstConnection: FirstConnection
  readonly failover: FailoverDelay
  readonly silence: Silence
  readonly scaling: Readonly<Record<string, Scaling>>
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const report = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
const figures: Figures = {
  cost: await measureCost(),
  overhead: await measureOverhead(OVERHEAD, report),
  writes: await measureWrites(WRITES, report),
  firstConnection: await measureFirstConnection(FIRST_CONNECTIONS, report),
  failover: await measureFailover(FAILOVERS, report),
  silence: await measureSilence(SILENCES, report),
  scaling: await measureScaling(SCALING),
}
process.stdout.write(values.json ? `${JSON.stringify(summary(figures))}\n` : page(figures))

function summary({ cost, overhead, writes, firstConnection, failover, silence, scaling }: Figures): object {
  return rounded({
    cost,
    overhead: ratios(overhead),
    violations: ratios(writes.violations),
    inserts: ratios(writes.inserts),
    firstConnection,
    failover,
    silence,
    scaling,
    detail: { overhead, writes, node: process.version, platform: process.platform, cores: cpus().length },
  })
}

function ratios(figures: Readonly<Record<string, Overhead>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([key, { ratio }]) => [key, ratio.median]))
}

function page({ cost, overhead, writes, firstConnection, failover, silence, scaling }: Figures): string {
  const lines = [
    '',
    'Cost of a choice among the standbys, and of the class of a text seen before, without a server',
    ...Object.entries(cost.choice).flatMap(([nodes, costs]) =>
      Object.entries(costs).map(([balancer, each]) =>
        costLine(`${nodes} nodes, ${balancer}`, each, MOST_MICROS.choice[nodes] ?? 0),
      ),
    ),
    costLine('a text seen before', cost.classification, MOST_MICROS.classification),
    '',
    "Overhead: `select 1`, at most 10 connections, pg-ha's throughput to pg.Pool's in pairs of slices",
    '    callers   ratio  (middle half)    pg.Pool/s   pg-ha/s   p99 pg.Pool   p99 pg-ha   cpu/query',
    ...Object.entries(overhead).map(overheadLine),
    '',
    'Inserts that meet a unique key, the same way',
    ...Object.entries(writes.violations).map(overheadLine),
    '',
    'Inserts, by commitOutcome and callers',
    ...Object.entries(writes.inserts).map(overheadLine),
    '',
    `First connection, median of ${firstConnection.rounds}`,
    `  all hosts up          ${millis(firstConnection.allUpMillis)}  ${half(firstConnection.spread.allUp)}`,
    `  two of three silent   ${millis(firstConnection.twoSilentMillis)}  ${half(firstConnection.spread.twoSilent)}`,
    `  ratio                 ${firstConnection.ratio.toFixed(2).padStart(9)}`,
    '',
    `Failover: from the successor's first direct write to the first through the pool, ${failover.rounds} rounds`,
    `  median                ${millis(failover.delayMillis.median)}  ${half(failover.spread)}`,
    `  longest               ${millis(failover.delayMillis.max)}`,
    `  errors                ${JSON.stringify(failover.errors)}`,
    '',
    `Silence of the primary, stopped or cut off, default settings, ${silence.rounds} rounds`,
    `  writes resumed after the promotion   median ${millis(silence.resumedMillis.median)}, longest ${millis(silence.resumedMillis.max)}`,
    `  a statement under way was told       median ${millis(silence.toldMillis.median)}, longest ${millis(silence.toldMillis.max)}`,
    '',
  ]
  return `${[...lines, ...scalingLines(scaling), ''].join('\n')}\n`
}

function costLine(what: string, { micros, bytes }: Cost, most: number): string {
  const us = micros.median.toFixed(3).padStart(7)
  return `  ${what.padEnd(24)}${us} us  (quickest round ${micros.min.toFixed(3)}; at most ${most})   ${bytes.toFixed(1)} bytes made anew`
}

function overheadLine([callers, { ratio, perSecond, p99Millis, cpuMicros }]: [string, Overhead]): string {
  return [
    callers.padStart(11),
    ratio.median.toFixed(3).padStart(8),
    `  (${ratio.quarter.toFixed(3)}-${ratio.threeQuarters.toFixed(3)})`,
    Math.round(perSecond.pg).toString().padStart(10),
    Math.round(perSecond.ours).toString().padStart(10),
    `${p99Millis.pg.toFixed(2)} ms`.padStart(14),
    `${p99Millis.ours.toFixed(2)} ms`.padStart(12),
    `   ${cpuMicros.pg.toFixed(1)} -> ${cpuMicros.ours.toFixed(1)} us`,
  ].join('')
}

function millis(value: number): string {
  return `${value.toFixed(1)} ms`.padStart(9)
}

function half({ quarter, threeQuarters }: Spread): string {
  return `(middle half ${quarter.toFixed(1)}-${threeQuarters.toFixed(1)})`
}

function scalingLines(scaling: Figures['scaling']): string[] {
  return [
    'Read-mostly (19 reads to a write), 60 callers, 10 connections a node: ours with two standbys to pg.Pool on the primary',
    ...Object.entries(scaling).map(
      ([load, { ratio, perSecond }]) =>
        `  ${load.padEnd(12)}${ratio.median.toFixed(2).padStart(6)}  (${ratio.quarter.toFixed(2)}-${ratio.threeQuarters.toFixed(2)})` +
        `   ${Math.round(perSecond.pg)}/s -> ${Math.round(perSecond.ours)}/s`,
    ),
  ]
}
