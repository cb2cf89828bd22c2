// What must hold in every schedule, by the number of the invariant in ARCHITECTURE.md. A claim that never comes up is a hole in
// the simulation, so each is counted.
import type { ClusterState } from '../../src/failover/cluster-state.ts'
import { writableNode } from '../../src/split-brain/verdict.ts'
import type { Pools } from './connections.ts'

export class Claims {
  readonly violations: string[] = []
  readonly checked = new Map<number, number>()

  check(holds: boolean, invariant: number, words: () => string): void {
    this.checked.set(invariant, (this.checked.get(invariant) ?? 0) + 1)
    if (!holds && this.violations.length < 5) this.violations.push(`invariant ${invariant}: ${words()}`)
  }
}

const known = new WeakMap<Pools, { state: ClusterState; steps: readonly string[] }>()

/** After the pools have been seen to, before anybody is woken. */
export function checkTurn(
  claims: Claims,
  { state, steps, pools }: { state: ClusterState; steps: readonly string[]; pools: Pools },
): void {
  const before = known.get(pools)
  known.set(pools, { state, steps })
  const { verdict, view, memory } = state
  claims.check(
    Object.isFrozen(view) && Object.isFrozen(verdict) && Object.isFrozen(memory),
    2,
    () => 'not frozen',
  )
  if (before !== undefined) {
    claims.check(view.revision >= before.state.view.revision, 2, () => 'the revision fell')
    for (const node of view.nodes) {
      const was = before.state.view.nodes.find(({ name }) => name === node.name)
      const isOlder = (node.checkedAtMillis ?? 0) < (was?.checkedAtMillis ?? 0)
      claims.check(!isOlder, 2, () => `an older look at ${node.name} was believed`)
    }
  }
  // What was emitted belongs to the turn before; pools come before the wake of this one.
  const order = steps.filter((step) => step !== 'emit').join(' ')
  claims.check(/^((forget|pools) )*wake$/.test(order), 4, () => `in one turn: ${steps.join(' ')}`)
  checkNaming(claims, before?.state ?? null, state)
  checkFence(claims, state, pools)
}

/** Who is newly named among several was asked again since they were first seen together. */
function checkNaming(claims: Claims, before: ClusterState | null, { verdict, memory }: ClusterState): void {
  const named = writableNode(verdict)
  if (named === null || verdict.evidence.length < 2 || memory.contest === null) return
  if (before !== null && writableNode(before.verdict) === named) return
  if (['highWater', 'othersFenced'].includes(verdict.rule)) return
  const own = verdict.evidence.find(({ node }) => node === named)
  const isAsked = own !== undefined && own.askedAtMillis > memory.contest.sinceMillis
  claims.check(isAsked, 3, () => `${named} was named by ${verdict.rule} without being asked again`)
}

/** No connection is left in use to a node that has lost, or is in dispute. */
function checkFence(claims: Claims, { verdict, memory }: ClusterState, pools: Pools): void {
  const claimants = verdict.kind === 'dualPrimary' ? verdict.claimants : []
  const spared = verdict.rule === 'unconfirmed' ? memory.incumbent : null
  const condemned = new Set([...verdict.stale, ...claimants.filter((node) => node !== spared)])
  for (const pool of pools.all) {
    if (!condemned.has(pool.node)) continue
    const left = [...pool.connections].filter(
      ({ isLeased, isOpen, isAsked }) => isLeased && isOpen && !isAsked,
    )
    claims.check(
      left.length === 0,
      5,
      () => `${left.length} connections to ${pool.node} outlived ${verdict.rule}`,
    )
  }
}
