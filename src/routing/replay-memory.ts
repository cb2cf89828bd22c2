// What standbys were seen to have replayed, between and beside the looks at them, and how late each is to be expected. Time
// is a parameter.
import { lsnEnd } from '../topology/lsn.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { ReplayKnowledge } from './read-session.ts'

interface Seen {
  readonly position: number
  readonly atMillis: number
}

interface Expected {
  readonly millis: number
  readonly atMillis: number
}

/** What is expected of a standby halves in this time without news, so that it is asked again. */
const HALF_LIFE_MILLIS = 1_000
const LONGEST_MILLIS = 60_000

export class ReplayMemory implements ReplayKnowledge {
  readonly #clock: () => number
  readonly #seen = new Map<string, Seen>()
  readonly #expected = new Map<string, Expected>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  replayed(node: NodeView): number | null {
    const looked = lsnEnd(node.answer?.replayLsn ?? null)
    const seen = this.#seen.get(node.name)
    // What was seen before it was lost sight of says nothing of what stands there now.
    if (seen === undefined || seen.atMillis < node.sinceMillis) return looked
    return looked === null ? seen.position : Math.max(looked, seen.position)
  }

  expectedLagMillis({ name }: NodeView): number {
    const expected = this.#expected.get(name)
    if (expected === undefined) return 0
    return expected.millis * 0.5 ** ((this.#clock() - expected.atMillis) / HALF_LIFE_MILLIS)
  }

  /** It was asked and had replayed this far. */
  note(node: string, position: number): void {
    const before = this.#seen.get(node)
    if (before !== undefined && before.position >= position) return
    this.#seen.set(node, { position, atMillis: this.#clock() })
  }

  /** It did not show a write of this age yet. */
  noteLate(node: NodeView, ageMillis: number): void {
    const millis = Math.min(LONGEST_MILLIS, Math.max(this.expectedLagMillis(node), ageMillis * 1.5, 1))
    this.#expected.set(node.name, { millis, atMillis: this.#clock() })
  }

  /** It did show a write of this age. */
  noteShown(node: NodeView, ageMillis: number): void {
    if (ageMillis >= this.expectedLagMillis(node)) return
    this.#expected.set(node.name, { millis: ageMillis, atMillis: this.#clock() })
  }
}
