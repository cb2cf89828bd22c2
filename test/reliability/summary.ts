// The figures of all chapters as one table, a column for each store. Knows nothing of how they came about.
import type { ChapterReport, StoreReport } from './chapter.ts'

type Figure = readonly [label: string, of: (report: StoreReport) => number]

const FIGURES: readonly Figure[] = [
  ['writes', ({ analysis }) => sum(Object.values(analysis.counts))],
  ['acknowledged', ({ analysis }) => analysis.counts.acknowledged],
  ['acknowledged and lost', ({ analysis }) => analysis.lost.length],
  ['acknowledged, lost at a fork', ({ analysis }) => analysis.lostAtFork.length],
  ['applied twice', ({ analysis }) => analysis.doubled.length],
  ['reported failed', ({ analysis }) => analysis.counts.failed],
  ['reported failed but applied', ({ analysis }) => analysis.failedButApplied.length],
  ['unknown', ({ analysis }) => analysis.counts.unknown],
  ['of these applied', ({ analysis }) => analysis.unknownApplied],
  ['out of order', ({ analysis }) => analysis.misordered.length],
  ['accounts unlike their ledger', ({ analysis }) => analysis.unbalanced.length],
  ['never answered', ({ hung }) => hung],
]

export function summary(chapters: readonly ChapterReport[]): string {
  const names = [...new Set(chapters.flatMap(({ stores }) => [...stores.keys()]))]
  const reportsOf = (name: string) => chapters.flatMap(({ stores }) => stores.get(name) ?? [])
  const lines = FIGURES.map(([label, of]) => {
    const cells = names.map((name) => String(sum(reportsOf(name).map(of))).padStart(9))
    return `${label.padEnd(30)}${cells.join(' ')}`
  })
  const longest = names.map((name) =>
    String(Math.round(Math.max(0, ...reportsOf(name).flatMap((r) => [...r.longest.values()])))).padStart(9),
  )
  const faults = tally(chapters.map((chapter) => chapter.faults))
  return [
    `${sum(chapters.map(({ rounds }) => rounds))} rounds: ${inWords(faults)}`,
    `${''.padEnd(30)}${names.map((name) => name.padStart(9)).join(' ')}`,
    ...lines,
    `${'longest write, ms'.padEnd(30)}${longest.join(' ')}`,
    ...names.map(
      (name) => `errors of ${name}: ${inWords(tally(reportsOf(name).map((r) => r.codes))) || 'none'}`,
    ),
  ].join('\n')
}

/** What left writes in doubt, a line for each fault and reason; then the longest write of each fault. */
export function detail(chapters: readonly ChapterReport[]): string {
  const names = [...new Set(chapters.flatMap(({ stores }) => [...stores.keys()]))]
  return names
    .flatMap((name) => {
      const counts = tally(chapters.flatMap(({ stores }) => stores.get(name)?.doubts ?? []))
      const lines = [...counts].sort((a, b) => b[1] - a[1])
      const longest = new Map<string, number>()
      for (const { stores } of chapters) {
        for (const [fault, millis] of stores.get(name)?.longest ?? []) {
          longest.set(fault, Math.max(longest.get(fault) ?? 0, Math.round(millis)))
        }
      }
      return [
        ...lines.map(([doubt, count]) => `${name}: ${count} x ${doubt}`),
        `${name}: longest in ms: ${inWords(longest)}`,
      ]
    })
    .join('\n')
}

function tally(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const all = new Map<string, number>()
  for (const map of maps) for (const [key, count] of map) all.set(key, (all.get(key) ?? 0) + count)
  return all
}

function inWords(counts: ReadonlyMap<string, number>): string {
  const ordered = [...counts].sort((a, b) => b[1] - a[1])
  return ordered.map(([key, count]) => `${key} ${count}`).join(', ')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
