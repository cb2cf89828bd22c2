// What is kept of one run of one scenario: a JSON file each.
import type { ApplicationRecord, ClientKind, Sign } from '../application/record.ts'
import type { Holding, Sighting } from '../cluster-watch.ts'
import type { Marks, Measures } from './measure.ts'
import type { Strip } from './strip.ts'

export interface ClientResult {
  readonly way: string
  readonly client: ClientKind
  readonly measures: Measures
  readonly writes: Strip
  readonly reads: Strip
  readonly messages: ApplicationRecord['messages']
  readonly signs: readonly Sign[]
  /** What was promised and not kept; empty for a plain pg.Pool, of which nothing is asked. */
  readonly faults: readonly string[]
  /** All of these may be a busy machine's doing. */
  readonly mayBeSlowness: boolean
}

export interface ScenarioResult {
  readonly lab: string
  readonly name: string
  readonly area: string
  readonly title: string
  readonly cluster: string
  readonly marks: Marks
  readonly hosts: readonly string[]
  /** The primary before the fault, before the healing, and in the end. */
  readonly primaries: readonly (string | null)[]
  readonly sightings: readonly Sighting[]
  readonly holdings: readonly Holding[]
  /** The longest time in which no host took writes. */
  readonly downtimeMillis: number
  /** From the fault to its effect. */
  readonly effectMillis: number
  /** From the healing to a whole cluster. */
  readonly returnMillis: number
  readonly clients: readonly ClientResult[]
}
