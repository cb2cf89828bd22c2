// Has the histories of primaries read, and read again where that failed for a passing reason, for a bounded time. Knows
// nothing of what a history proves, nor of how one is read.
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { type KnownHistory, lacksHistory, type NodeView } from '../topology/node-view.ts'
import type { Clock } from './clock.ts'

/** Null: it failed for a reason that may pass. Never rejects. */
export type ReadHistory = (node: NodeView, timeline: number) => Promise<KnownHistory | null>

export interface TracerOptions {
  readonly read: ReadHistory
  readonly pauseMillis: number
  /** How long after the first reading a failure is still followed by another one; then it may not be seen. */
  readonly giveUpMillis: number
  /** What is believed of the nodes at this moment. */
  readonly view: () => ClusterView
  readonly onHistory: (node: string, known: KnownHistory) => void
  readonly clock: Clock
}

export class Tracer {
  readonly #options: TracerOptions
  /** The reading of each node that counts, and the timer of its next attempt. */
  readonly #readings = new Map<string, { again?: NodeJS.Timeout }>()

  constructor(options: TracerOptions) {
    this.#options = options
  }

  /** Of the timeline that it has shown last; what was being read of it before counts no more. */
  trace(node: NodeView): void {
    const timeline = node.answer?.timeline ?? null
    if (timeline === null) return
    clearTimeout(this.#readings.get(node.name)?.again)
    const reading = {}
    this.#readings.set(node.name, reading)
    void this.#read(reading, { node, timeline, sinceMillis: this.#options.clock() })
  }

  close(): void {
    for (const { again } of this.#readings.values()) clearTimeout(again)
    this.#readings.clear()
  }

  async #read(
    reading: { again?: NodeJS.Timeout },
    asked: { readonly node: NodeView; readonly timeline: number; readonly sinceMillis: number },
  ): Promise<void> {
    const { node, timeline, sinceMillis } = asked
    const { read, pauseMillis, giveUpMillis, view, onHistory, clock } = this.#options
    const counts = (): boolean => this.#readings.get(node.name) === reading && isWanted(view(), node)
    const known = await read(node, timeline)
    if (!counts()) return
    if (known !== null || clock() + pauseMillis - sinceMillis > giveUpMillis) {
      onHistory(node.name, known ?? Object.freeze({ timeline, history: null }))
      return
    }
    reading.again = setTimeout(() => {
      if (counts()) void this.#read(reading, asked)
    }, pauseMillis)
    reading.again.unref()
  }
}

/** Whether it is still a primary of the timeline that was asked for, at the address where it was dialled. */
function isWanted(view: ClusterView, asked: NodeView): boolean {
  const node = findNode(view, asked.name)
  if (node === undefined || node.address !== asked.address || !lacksHistory(node)) return false
  return node.answer?.timeline === asked.answer?.timeline
}
