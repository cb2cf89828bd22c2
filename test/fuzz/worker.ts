// Feeds the parsers until it is told to stop; tells of its progress, so that a hang is seen from outside.
import { seededRandom } from '../support/seeded-random.ts'
import { checkInput } from './check-input.ts'
import { type FuzzInput, FuzzInputs } from './inputs.ts'

export interface FuzzOrder {
  readonly seed: number
  readonly inputs: number
  readonly millis: number
}

export type FuzzReport =
  | { readonly kind: 'at'; readonly done: number; readonly input: FuzzInput }
  | { readonly kind: 'fault'; readonly input: FuzzInput; readonly fault: string }
  | { readonly kind: 'end'; readonly done: number; readonly refused: number }

// Most texts are refused: stacks of ten lines would be what most of the time goes into.
Error.stackTraceLimit = 2
const { seed, inputs, millis } = JSON.parse(process.argv[2] ?? '') as FuzzOrder
const BATCH = 500
const tell = (report: FuzzReport): void => {
  process.send?.(report)
}

const source = new FuzzInputs(seededRandom(seed))
const until = performance.now() + millis
let refused = 0
let done = 0
while (done < inputs && performance.now() < until) {
  const batch = Array.from({ length: Math.min(BATCH, inputs - done) }, () => source.next())
  const [first] = batch
  if (first !== undefined) tell({ kind: 'at', done, input: first })
  for (const input of batch) {
    const outcome = checkInput(input)
    if (outcome.fault !== undefined) tell({ kind: 'fault', input, fault: outcome.fault })
    if (outcome.isRefused) refused += 1
  }
  done += batch.length
  // Lets the reports out.
  await new Promise<void>((resolve) => setImmediate(resolve))
}
tell({ kind: 'end', done, refused })
