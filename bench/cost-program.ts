// What a choice costs by itself: no connection, no server. Run as a program of its own, built as the package is, with
// `--expose-gc`; prints one JSON object.
import { performance } from 'node:perf_hooks'
import { resolveSettings } from '../src/config/resolve-settings.ts'
import type { BalancerName } from '../src/config/settings.ts'
import type { ClusterState } from '../src/failover/cluster-state.ts'
import { clusterGuide } from '../src/guide.ts'
import type { Coordinator } from '../src/monitoring/coordinator.ts'
import { Splitter } from '../src/pooling/splitter.ts'
import { readRequest } from '../src/routing/request.ts'
import { playAll } from '../test/support/cluster-script.ts'

export interface Cost {
  /** Median of the rounds, and the quickest. */
  readonly micros: { readonly median: number; readonly min: number }
  /** Made anew on the heap for each call. */
  readonly bytes: number
}

export interface Costs {
  /** By number of nodes, then by balancer. */
  readonly choice: Readonly<Record<string, Readonly<Record<BalancerName, Cost>>>>
  /** Of a text that was seen before. */
  readonly classification: Cost
}

const ROUNDS = 30
const CALLS = 100_000
const TEXTS = 500
const BALANCERS: readonly BalancerName[] = ['leastBusy', 'nearest', 'roundRobin', 'random']
const GRACE = {
  ...{ startupGraceMillis: 100, firstLookMillis: 1000, settleMillis: 10_000 },
  beliefMillis: Number.POSITIVE_INFINITY,
}

const costs: Costs = {
  choice: Object.fromEntries([3, 100].map((count) => [count, choiceCosts(count)])),
  classification: await classificationCost(),
}
process.stdout.write(JSON.stringify(costs))

function choiceCosts(count: number): Record<BalancerName, Cost> {
  const entries = BALANCERS.map((balancer) => [balancer, choiceCost(count, balancer)] as const)
  return Object.fromEntries(entries) as Record<BalancerName, Cost>
}

/** A read's choice among the standbys, as each statement of `pool.read` makes it. */
function choiceCost(count: number, balancer: BalancerName): Cost {
  const names = Array.from({ length: count }, (_, index) => `n${index}`)
  const see = Object.fromEntries(
    names.map((name, index) => [name, index === 0 ? 'primary tl=1' : `standby rtt=${1 + (index % 7)}`]),
  )
  const state: ClusterState = playAll([{ at: 0, see }], { nodes: names })
  const settings = resolveSettings(
    {
      connectionString: `postgres://u:p@${names.map((name) => `${name}:5432`).join(',')}/d`,
      loadBalanceHosts: true,
      balancer,
    },
    {},
  )
  const busy = new Map(state.view.nodes.map(({ name }, index) => [name, index % 5]))
  let turns = 0
  const guide = clusterGuide(settings, { state } as Coordinator, {
    policy: { ...GRACE, splitBrain: 'refuse', writeQuorum: 'none' },
    clock: () => performance.now(),
    moment: { random: Math.random, busy: (node) => busy.get(node) ?? 0, turn: () => turns++ },
  })
  const request = readRequest('read-write')
  let used = 0
  const cost = costOf(() => {
    if (guide.select(request).kind === 'use') used += 1
  })
  if (used === 0) throw new Error('Nothing was chosen')
  return cost
}

async function classificationCost(): Promise<Cost> {
  const splitter = new Splitter({ ask: async () => [], clock: () => performance.now() })
  await splitter.explain('select 1')
  const texts = Array.from(
    { length: TEXTS },
    (_, index) =>
      `select o.id, o.total, c.name from orders o join customers c on c.id = o.c where o.n = $${index + 1}`,
  )
  for (const text of texts) splitter.route(text)
  let next = 0
  let reads = 0
  const cost = costOf(() => {
    next = (next + 1) % TEXTS
    if (splitter.route(texts[next] ?? '').to === 'standby') reads += 1
  })
  if (reads === 0) throw new Error('Nothing was a read')
  return cost
}

function costOf(work: () => void): Cost {
  for (let i = 0; i < CALLS * 3; i++) work()
  const micros: number[] = []
  const bytes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const begun = performance.now()
    for (let i = 0; i < CALLS; i++) work()
    micros.push(((performance.now() - begun) * 1000) / CALLS)
    bytes.push((process.memoryUsage().heapUsed - before) / CALLS)
  }
  micros.sort((a, b) => a - b)
  bytes.sort((a, b) => a - b)
  const middle = Math.floor(ROUNDS / 2)
  return {
    micros: { median: micros[middle] ?? 0, min: micros[0] ?? 0 },
    bytes: Math.max(0, bytes[middle] ?? 0),
  }
}
