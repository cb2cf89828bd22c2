// What must hold in every schedule, by the number of the invariant in ARCHITECTURE.md. A claim that never comes up is a hole in
// the simulation, so each is counted.
import type { PoolEvent } from '../../src/events.ts'
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

/** The turns of one client, in which its state is replaced and what follows from it is done: each step is told as it comes. */
export class Turns {
  readonly #claims: Claims
  readonly #pools: Pools
  #before: ClusterState | null = null

  constructor(claims: Claims, pools: Pools) {
    this.#claims = claims
    this.#pools = pools
  }

  /** Pools are about to be changed: for a new state, of which nobody has been woken yet. */
  pools(state: ClusterState): void {
    this.#claims.check(state !== this.#before, 4, () => 'pools were changed for a state known before')
  }

  /** The pools have been seen to; those who wait are about to be woken. */
  wake(state: ClusterState): void {
    const before = this.#before
    this.#before = state
    this.#claims.check(state !== before, 4, () => 'woken for a state known before')
    this.#checkView(before, state)
    this.#checkNaming(before, state)
    this.#checkFence(state)
  }

  /** Others are about to be told: of the state that is stored, for which pools and waiters have been seen to. */
  emit(state: ClusterState, { name, payload }: PoolEvent): void {
    this.#claims.check(state === this.#before, 4, () => 'told before those who wait were woken')
    const revision = 'revision' in payload ? payload.revision : null
    const words = () => `${name} is of revision ${revision}, what is stored of ${state.view.revision}`
    this.#claims.check(revision === state.view.revision, 4, words)
  }

  #checkView(before: ClusterState | null, { view, verdict, memory }: ClusterState): void {
    const claims = this.#claims
    const frozen = [view, view.nodes, ...view.nodes, verdict, memory]
    claims.check(frozen.every(Object.isFrozen), 2, () => 'not frozen')
    if (before === null) return
    const { nodes, revision } = before.view
    const isNext = view === before.view ? revision === view.revision : revision < view.revision
    claims.check(isNext, 2, () => `revision ${view.revision} came after ${revision}`)
    for (const node of view.nodes) {
      const was = nodes.find(({ name }) => name === node.name)
      const isOlder = (node.checkedAtMillis ?? 0) < (was?.checkedAtMillis ?? 0)
      claims.check(!isOlder, 2, () => `an older look at ${node.name} was believed`)
    }
  }

  /** Who is newly named among several was asked again since they were first seen together. */
  #checkNaming(before: ClusterState | null, { verdict, memory }: ClusterState): void {
    const named = writableNode(verdict)
    if (named === null || verdict.evidence.length < 2 || memory.contest === null) return
    if (before !== null && writableNode(before.verdict) === named) return
    if (['highWater', 'othersFenced'].includes(verdict.rule)) return
    const own = verdict.evidence.find(({ node }) => node === named)
    const isAsked = own !== undefined && own.askedAtMillis > memory.contest.sinceMillis
    this.#claims.check(isAsked, 3, () => `${named} was named by ${verdict.rule} without being asked again`)
  }

  /** No connection is left in use to a node that has lost, or is in dispute. */
  #checkFence({ verdict, memory }: ClusterState): void {
    const claimants = verdict.kind === 'dualPrimary' ? verdict.claimants : []
    const spared = verdict.rule === 'unconfirmed' ? memory.incumbent : null
    const condemned = new Set([...verdict.stale, ...claimants.filter((node) => node !== spared)])
    for (const pool of this.#pools.all) {
      if (!condemned.has(pool.node)) continue
      const left = [...pool.connections].filter(
        ({ isLeased, isOpen, isAsked }) => isLeased && isOpen && !isAsked,
      )
      const words = () => `${left.length} connections to ${pool.node} outlived ${verdict.rule}`
      this.#claims.check(left.length === 0, 5, words)
    }
  }
}
