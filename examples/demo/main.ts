// `npm run demo`: a real cluster loses its primary under load, and gets it back as a second one. Ends with 0 only if no row
// was lost, doubled or misplaced. `--json` prints one object on stdout, and the story on stderr.
import { parseArgs } from 'node:util'
import { isSound, reportTable } from './report.ts'
import { Screen } from './screen.ts'
import { tellStory } from './story.ts'

const INTERRUPTED = 130

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const screen = new Screen((text) => (values.json ? process.stderr : process.stdout).write(text))
const interrupt = new AbortController()
// Not only once: npm passes on what the terminal has sent already, and the end takes a moment.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort())

try {
  const report = await tellStory(screen, interrupt.signal)
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `\n${reportTable(report)}\n`)
  process.exitCode = isSound(report) ? 0 : 1
} catch (error) {
  const isInterrupted = interrupt.signal.aborted
  process.stderr.write(isInterrupted ? 'Interrupted: the cluster is gone\n' : `${(error as Error).stack}\n`)
  process.exitCode = isInterrupted ? INTERRUPTED : 1
}
