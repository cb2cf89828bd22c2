// `npm run check:reliability`: clients that write all through seeded faults, and the whole history read afterwards.
//   --rounds 200   how many faults, in chapters on a cluster of their own
//   --seed 1       the same seed, the same faults in the same order
//   --asynchronous 0.25   the share of chapters without synchronous replication
//   --parallel 2   chapters at the same time
//   --alone        without the plain pools beside
//   --beside off,batch   further pools, with these values of commitOutcome, or with tokens
//   --detail       what the writes of unknown outcome met, and the longest write, by fault
//   --quiet        the table only
import { inspect, parseArgs } from 'node:util'
import { type ChapterReport, runChapter } from './chapter.ts'
import type { Outcomes } from './pg-ha-store.ts'
import { detail, summary } from './summary.ts'

const CHAPTER_ROUNDS = 25

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '20261125' },
    asynchronous: { type: 'string', default: '0.25' },
    parallel: { type: 'string', default: '2' },
    alone: { type: 'boolean', default: false },
    beside: { type: 'string', default: '' },
    detail: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed)
const asynchronous = Number(values.asynchronous)

type Kind = 'synchronous' | 'asynchronous'

const kinds: Readonly<Record<Kind, ChapterReport[]>> = { synchronous: [], asynchronous: [] }
const failures: string[] = []

async function playChapter(chapter: number): Promise<void> {
  const isAsynchronous = Math.floor((chapter + 1) * asynchronous) > Math.floor(chapter * asynchronous)
  const kind: Kind = isAsynchronous ? 'asynchronous' : 'synchronous'
  const where = `chapter ${chapter} (${kind}, seed ${seed + chapter})`
  try {
    const report = await runChapter({
      rounds: Math.min(CHAPTER_ROUNDS, rounds - chapter * CHAPTER_ROUNDS),
      seed: seed + chapter,
      synchronous: !isAsynchronous,
      alone: values.alone,
      beside: values.beside.split(',').filter(Boolean) as Outcomes[],
      report: (line) => {
        if (!values.quiet) process.stdout.write(`${line}\n`)
      },
    })
    kinds[kind].push(report)
    const found = report.stores.get('pgha')?.violations ?? []
    failures.push(...found.map((claim) => `${where}: ${claim}`))
  } catch (error) {
    failures.push(`${where}: ${inspect(error)}`)
  }
}

const begun = performance.now()
let next = 0
async function playOn(): Promise<void> {
  while (next * CHAPTER_ROUNDS < rounds) await playChapter(next++)
}
await Promise.all(Array.from({ length: Number(values.parallel) }, playOn))

let played = 0
for (const [kind, reports] of Object.entries(kinds)) {
  for (const report of reports) played += report.rounds
  if (reports.length > 0) process.stdout.write(`\n== ${kind} replication ==\n${summary(reports)}\n`)
  if (values.detail) process.stdout.write(`${detail(reports)}\n`)
}
const seconds = Math.round((performance.now() - begun) / 1000)
process.stdout.write(`\n${played} rounds in ${seconds} s\n`)
for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`)
process.stdout.write(`${failures.length === 0 ? 1 : 0} passed, ${failures.length} failed\n`)
process.exitCode = failures.length === 0 ? 0 : 1
