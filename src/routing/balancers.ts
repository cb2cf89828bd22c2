// How to choose among several fit nodes: by chance, in turn, the less busy, the nearer; each node in the measure of its
// weight, and one that has just come sparingly. Says an index; makes nothing new on the way.
import type { BalancerName } from '../config/settings.ts'
import { type Candidates, warmth } from './candidates.ts'

/** What a balancer may ask about the moment. Randomness is a parameter like any other. */
export interface Moment {
  /** Uniform in [0, 1). */
  random(): number
  /** How many connections of the node are in use. */
  busy(node: string): number
  /** Grows by one with every choice. */
  turn(): number
}

export interface Circumstances {
  readonly moment: Moment
  readonly nowMillis: number
  readonly slowStartMillis: number
}

type Balancer = (candidates: Candidates, circumstances: Circumstances) => number

/** The place in `nodes` of the one chosen; -1 of none. */
export const balancers: Readonly<Record<BalancerName, Balancer>> = {
  random: (candidates, circumstances) => draw(candidates, circumstances),
  roundRobin: inTurn,
  leastBusy: (candidates, circumstances) => ofTwo(candidates, circumstances, busyCost),
  nearest: (candidates, circumstances) => ofTwo(candidates, circumstances, distance),
}

type Cost = (candidates: Candidates, index: number, moment: Moment) => number

function busyCost({ nodes, weights }: Candidates, index: number, moment: Moment): number {
  return moment.busy(nodes[index]?.name ?? '') / (weights[index] ?? 1)
}

function distance(candidates: Candidates, index: number, moment: Moment): number {
  const node = candidates.nodes[index]
  return (
    ((node?.roundTripMillis ?? 0) * (1 + moment.busy(node?.name ?? ''))) / (candidates.weights[index] ?? 1)
  )
}

/** The better of two different nodes drawn at random: nearly as good as the best of all, and never a herd. */
function ofTwo(candidates: Candidates, circumstances: Circumstances, cost: Cost): number {
  const { length } = candidates.nodes
  if (length < 2) return length - 1
  const { moment } = circumstances
  const first = draw(candidates, circumstances)
  const other = (first + 1 + Math.floor(moment.random() * (length - 1))) % length
  if (cost(candidates, other, moment) >= cost(candidates, first, moment)) return first
  // One that has nothing to do because it has just come is no better for it.
  return isSpared(candidates, other, circumstances) ? first : other
}

/** Each in the measure of its weight; one that is spared gives its turn to another. */
function draw(candidates: Candidates, circumstances: Circumstances): number {
  const { length } = candidates.nodes
  if (length < 2) return length - 1
  let index = indexAt(candidates, circumstances.moment.random())
  for (let tries = 0; tries < MOST_TRIES && isSpared(candidates, index, circumstances); tries++) {
    index = indexAt(candidates, circumstances.moment.random())
  }
  return index
}

const MOST_TRIES = 8

/** By turns; with weights, by steps of the golden section, which visits every part of the range evenly. */
function inTurn(candidates: Candidates, circumstances: Circumstances): number {
  const { length } = candidates.nodes
  if (length < 2) return length - 1
  const { moment } = circumstances
  let index = turnAt(candidates, moment.turn())
  for (let tries = 0; tries < MOST_TRIES && isSpared(candidates, index, circumstances); tries++) {
    index = turnAt(candidates, moment.turn())
  }
  return index
}

const GOLDEN = 0.6180339887498949

function turnAt(candidates: Candidates, turn: number): number {
  return candidates.areAlike ? turn % candidates.nodes.length : indexAt(candidates, (turn * GOLDEN) % 1)
}

/** The node whose part of the whole weight holds this point of [0, 1). */
function indexAt({ nodes, sums, areAlike }: Candidates, point: number): number {
  const { length } = nodes
  if (areAlike) return Math.floor(point * length)
  const wanted = point * (sums[length - 1] ?? 0)
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] ?? 0) > wanted) high = middle
    else low = middle + 1
  }
  return low
}

function isSpared(
  candidates: Candidates,
  index: number,
  { moment, nowMillis, slowStartMillis }: Circumstances,
): boolean {
  if (nowMillis >= candidates.warmAtMillis) return false
  const node = candidates.nodes[index]
  if (node === undefined) return false
  const part = warmth(node, { nowMillis, slowStartMillis })
  return part < 1 && moment.random() >= part
}
