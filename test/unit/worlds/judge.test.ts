// The judge in every world of three nodes: what must hold whatever is seen and remembered.
import { describe, expect, test } from 'vitest'
import type { ClusterState } from '../../../src/failover/cluster-state.ts'
import { isSplit, writableNode } from '../../../src/split-brain/verdict.ts'
import { allWorlds, describeWorld, LOOKS_MILLIS, statesOf, type World } from './world.ts'

/** Counts how often each claim was checked at all, and gathers where it did not hold. */
class Claims {
  readonly violations: string[] = []
  readonly checked = new Map<string, number>()

  check(claim: string, holds: boolean, world: World): void {
    this.checked.set(claim, (this.checked.get(claim) ?? 0) + 1)
    if (!holds && this.violations.length < 10) this.violations.push(`${claim}: ${describeWorld(world)}`)
  }
}

describe('in every world of three nodes', () => {
  const claims = new Claims()
  let worlds = 0
  for (const world of allWorlds()) {
    worlds += 1
    let before: ClusterState | null = null
    for (const state of statesOf(world)) {
      checkVerdict(claims, state, world)
      if (before !== null) checkStep(claims, before, state, world)
      before = state
    }
    if (before !== null) checkEnd(claims, before, world)
  }

  test('every claim holds', () => {
    expect(claims.violations).toEqual([])
  })

  test('every claim was put to the test', () => {
    expect(worlds).toBe(7 ** 3 * 6 * 3 * 6)
    expect([...claims.checked.values()].every((times) => times > 100)).toBe(true)
    expect(claims.checked.size).toBe(14)
  })
})

function checkVerdict(claims: Claims, state: ClusterState, world: World): void {
  const { verdict, view, memory } = state
  const claimants = view.nodes.filter((node) => node.state === 'primary').map((node) => node.name)
  const named = writableNode(verdict)
  if (named !== null) {
    claims.check('the named node says that it is the primary', claimants.includes(named), world)
    claims.check('the named node is not stale', !verdict.stale.includes(named), world)
    claims.check('every other claimant is stale', verdict.stale.length === claimants.length - 1, world)
    claims.check('the named node is remembered', memory.incumbent === named, world)
  }
  claims.check(
    'only claimants are stale',
    verdict.stale.every((node) => claimants.includes(node)),
    world,
  )
  claims.check(
    'the evidence is of the claimants, in list order',
    verdict.evidence.map((claimant) => claimant.node).join() === claimants.join(),
    world,
  )
  if (verdict.kind === 'dualPrimary') {
    const together = [...verdict.claimants, ...verdict.stale].sort()
    claims.check('each claimant is in dispute or stale', together.join() === claimants.join(), world)
    claims.check('a dispute needs two', verdict.claimants.length > 1, world)
    claims.check('warn and off never end in a dispute', isOpen(state, world), world)
  }
  const frozen = [verdict, verdict.stale, verdict.foreign, verdict.evidence, memory, memory.rivals, state]
  claims.check('what is judged is frozen', frozen.every(Object.isFrozen), world)
}

/** Under `off` there is no dispute at all, under `warn` only one that is not confirmed yet. */
function isOpen({ verdict }: ClusterState, { policy }: World): boolean {
  if (policy.splitBrain === 'refuse') return true
  return policy.splitBrain === 'warn' && verdict.rule === 'unconfirmed'
}

function checkStep(claims: Claims, before: ClusterState, after: ClusterState, world: World): void {
  const highWater = before.memory.highWaterTimeline
  const contenders = after.verdict.evidence.filter(
    ({ timeline }) => timeline === null || highWater === null || timeline >= highWater,
  )
  const isNew = before.verdict.evidence.length < 2 && after.verdict.evidence.length > 1
  if (isNew && contenders.length > 1 && world.policy.splitBrain !== 'off') {
    const { verdict } = after
    const waits =
      verdict.kind === 'dualPrimary' ? verdict.rule === 'unconfirmed' : verdict.rule === 'starting'
    claims.check('two primaries seen for the first time are unconfirmed', waits, world)
  }
  claims.check('the clocks of an outage and of a split run', hasClocks(after), world)
}

function hasClocks({ verdict, withoutPrimarySinceMillis, splitSinceMillis }: ClusterState): boolean {
  const isWritable = writableNode(verdict) !== null
  return (
    (withoutPrimarySinceMillis === null) === isWritable && (splitSinceMillis !== null) === isSplit(verdict)
  )
}

function checkEnd(claims: Claims, { verdict, reviewAtMillis }: ClusterState, world: World): void {
  const lastMillis = LOOKS_MILLIS[2] + 50
  // Nothing changes any more: what is not decided by now waits for news, never for a time that has passed.
  const awaits = reviewAtMillis === null || reviewAtMillis > lastMillis
  claims.check('no review is due and left out', awaits, world)
  const primaries = world.lives.filter((life) => life.startsWith('primary'))
  const isClear = primaries.length === 1 && world.memory.highWaterTimeline === undefined
  if (isClear && world.policy.writeQuorum === 'none') {
    claims.check('a lone primary of which nothing is known is named', verdict.kind === 'primary', world)
  }
}
