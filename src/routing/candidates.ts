// Nodes among which one is to be chosen, with all that the choice needs laid out once, so that choosing makes nothing new.
import type { NodeView } from '../topology/node-view.ts'
import type { Places } from './places.ts'

export interface Use {
  readonly kind: 'use'
  readonly node: string
}

export interface Candidates {
  /** In list order. */
  readonly nodes: readonly NodeView[]
  /** The answer that names each. */
  readonly uses: readonly Use[]
  readonly weights: readonly number[]
  /** Running sums of the weights. */
  readonly sums: readonly number[]
  readonly areAlike: boolean
  /** Until then at least one of them is new and spared. */
  readonly warmAtMillis: number
}

export interface Layout {
  readonly places: Places
  /** How long a standby is spared after it was found or has come back, in ms. */
  readonly slowStartMillis: number
}

export function candidatesOf(nodes: readonly NodeView[], { places, slowStartMillis }: Layout): Candidates {
  const weights = nodes.map(places.weight)
  let sum = 0
  const sums = weights.map((weight) => {
    sum += weight
    return sum
  })
  const since = nodes.map(({ sinceMillis }) => sinceMillis)
  // Where all have come at once there is none to be spared for.
  const areNew = nodes.length > 1 && Math.max(...since) - Math.min(...since) > SAME_TIME_MILLIS
  return {
    nodes,
    uses: nodes.map(({ name }) => Object.freeze({ kind: 'use', node: name } as const)),
    weights,
    sums,
    areAlike: weights.every((weight) => weight === weights[0]),
    warmAtMillis: areNew ? Math.max(...since) + slowStartMillis : Number.NEGATIVE_INFINITY,
  }
}

/** What part of its load a node should get by now, in (0, 1]: a cold cache answers slowly. */
export function warmth(
  node: NodeView,
  { nowMillis, slowStartMillis }: { nowMillis: number; slowStartMillis: number },
): number {
  if (slowStartMillis <= 0) return 1
  const part = (nowMillis - node.sinceMillis) / slowStartMillis
  return part >= 1 ? 1 : Math.max(COLDEST, part)
}

const COLDEST = 0.05
/** Nodes heard for the first time when the pool begins are as new as one another. */
const SAME_TIME_MILLIS = 1_000
