// Nodes that have been taken out of service for a while, on purpose: nothing new is sent to them. A frozen value. Knows
// nothing of who asked for it, or of connections.
import { type ClusterView, findNode } from './cluster-view.ts'
import type { NodeView } from './node-view.ts'
import type { ProbeAnswer } from './probe-result.ts'

export interface Drain {
  readonly node: string
  /** When it serves again though nothing has happened to it: the work it was drained for may have been called off. */
  readonly untilMillis: number
  /** What it said of itself when it was drained. */
  readonly answer: ProbeAnswer | null
}

export type Drains = readonly Drain[]

export const NO_DRAINS: Drains = Object.freeze([])

/** With this node drained, too; anew where it already is. */
export function withDrain(drains: Drains, { name, answer }: NodeView, untilMillis: number): Drains {
  const drain = Object.freeze({ node: name, untilMillis, answer })
  return Object.freeze([...withoutDrain(drains, name), drain])
}

export function withoutDrain(drains: Drains, node: string): Drains {
  return Object.freeze(drains.filter((drain) => drain.node !== node))
}

export function isDrained(drains: Drains, node: string): boolean {
  return drains.some((drain) => drain.node === node)
}

/** Those that still hold. The same array where all do. */
export function lastingDrains(drains: Drains, view: ClusterView, nowMillis: number): Drains {
  const lasting = drains.filter((drain) => {
    const node = findNode(view, drain.node)
    return node !== undefined && nowMillis < drain.untilMillis && !hasReturned(drain, node)
  })
  return lasting.length === drains.length ? drains : Object.freeze(lasting)
}

/** Whether what it was drained for has happened: it has another role, or was started anew. */
function hasReturned({ answer: was }: Drain, { answer: is, failure }: NodeView): boolean {
  if (was === null || is === null || failure !== null) return false
  return was.role !== is.role || was.serverStartMillis !== is.serverStartMillis
}

/** When the first of them is over by itself; null where there is none, or none ever is. */
export function drainsEndMillis(drains: Drains): number | null {
  const first = Math.min(...drains.map(({ untilMillis }) => untilMillis))
  return Number.isFinite(first) ? first : null
}
