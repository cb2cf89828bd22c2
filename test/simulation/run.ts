// Runs a share of the schedules in a process of its own: every `step`th seed from `first` on, up to `end`.
import { type Outcome, runSchedule } from './schedule.ts'
import { VirtualTime } from './virtual-time.ts'

export interface Share {
  readonly first: number
  readonly end: number
  readonly step: number
  /** Stop after the first that fails. */
  readonly isBrief: boolean
}

/** What is told after each hundred schedules, and of each that fails. */
export type Report =
  | { readonly kind: 'failure'; readonly outcome: Outcome }
  | {
      readonly kind: 'progress'
      readonly done: number
      readonly acknowledged: number
      readonly refused: number
      readonly checked: readonly (readonly [number, number])[]
    }

const BATCH = 100

const { first, end, step, isBrief } = JSON.parse(process.argv[2] ?? '') as Share
const time = new VirtualTime()
const realSetImmediate = setImmediate
time.install()
let batch: Outcome[] = []
for (let seed = first; seed < end; seed += step) {
  const outcome = await runSchedule(time, seed)
  batch.push(outcome)
  const isFailure = outcome.violations.length > 0
  if (isFailure) process.send?.({ kind: 'failure', outcome } satisfies Report)
  if (isFailure && isBrief) break
  if (batch.length === BATCH) await report()
}
await report()
process.disconnect()

async function report(): Promise<void> {
  const checked = new Map<number, number>()
  for (const outcome of batch) {
    for (const [claim, times] of outcome.checked) checked.set(claim, (checked.get(claim) ?? 0) + times)
  }
  process.send?.({
    kind: 'progress',
    done: batch.length,
    acknowledged: batch.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    refused: batch.reduce((sum, { refused }) => sum + refused, 0),
    checked: [...checked],
  } satisfies Report)
  batch = []
  // Lets the report out.
  await new Promise<void>((resolve) => realSetImmediate(() => resolve()))
}
