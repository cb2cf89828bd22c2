// The judge in every world of three nodes that vote: what each is, whom standbys follow and what of it may be seen, what is
// remembered and who was fenced. Whatever rule gives a verdict is held to what docs/split-brain.md says of it. Names are alike
// to the judge, so that what is remembered is of `a`, and the fence on `b`: the other cases are these with other names.
import { describe, expect, test } from 'vitest'
import type { ClusterState } from '../../../src/failover/cluster-state.ts'
import { transition } from '../../../src/failover/transition.ts'
import type { RuleName } from '../../../src/split-brain/rules.ts'
import { writableNode } from '../../../src/split-brain/verdict.ts'
import { findNode } from '../../../src/topology/cluster-view.ts'
import { longName } from '../../support/cluster-script.ts'
import { allVotingWorlds, NAMES, playVoting, type VotingWorld, votesIn } from './voting-world.ts'
import { seenBy, WHEN } from './when-rules-apply.ts'

/** Gathers where a claim did not hold, and which rules came up. */
class Findings {
  readonly faults: string[] = []
  readonly rules = new Set<RuleName>()
  worlds = 0
  healed = 0

  check(holds: boolean, claim: string, { world, state }: { world: VotingWorld; state: ClusterState }): void {
    if (holds || this.faults.length >= 10) return
    const { lives, isCounted, memory, policy } = world
    const remembered = `${memory.highWaterTimeline ?? 'nothing'}${memory.fences?.length ? ' and a fence' : ''}`
    const seen = `${lives.join(' | ')}, counts ${isCounted ? 'seen' : 'hidden'}, remembers ${remembered}`
    this.faults.push(
      `${claim}: ${state.verdict.rule} at ${state.judgedAtMillis} ms of ${seen}, quorum ${policy.writeQuorum}`,
    )
  }
}

describe('in every world of three nodes that vote', () => {
  const findings = new Findings()
  for (const world of allVotingWorlds()) {
    findings.worlds += 1
    const states = [...playVoting(world)]
    for (const [i, state] of states.entries()) {
      const before = states[i - 1]
      if (before !== undefined) checkStep(findings, { world, before, state })
    }
    const last = states.at(-1) as ClusterState
    const primary = healedTo(world)
    if (primary === null) continue
    findings.healed += 1
    findings.check(writableNode(last.verdict) === primary, 'refused for ever', { world, state: last })
  }

  test('each verdict is what its rule says', () => {
    expect(findings.faults).toEqual([])
  })

  test('every rule that can be met was met', () => {
    expect(findings.worlds).toBe(9 ** 3 * 5 * 3)
    expect(findings.healed).toBe(3 * 3 * 5 * 3)
    expect([...findings.rules].sort()).toEqual(Object.keys(WHEN).sort())
  })
})

interface Step {
  readonly world: VotingWorld
  readonly before: ClusterState
  readonly state: ClusterState
}

function checkStep(findings: Findings, step: Step): void {
  const { world, before, state } = step
  const { verdict, view, memory } = state
  findings.rules.add(verdict.rule)
  const applies = WHEN[verdict.rule]
  findings.check(applies?.(seenBy(before.memory, state)) === true, 'the rule does not apply', step)
  findings.check(view.revision === before.view.revision + 1, 'a view is no step', step)
  findings.check(Object.isFrozen(verdict) && Object.isFrozen(memory), 'not frozen', step)
  const named = writableNode(verdict)
  const isClaimant = named === null || findNode(view, named)?.state === 'primary'
  findings.check(isClaimant, 'no claimant is named', step)
  const hasOneSide = verdict.kind !== 'primary' || verdict.stale.length === verdict.evidence.length - 1
  findings.check(hasOneSide, 'a rival is not stale', step)
  for (const { node, votes } of verdict.evidence) {
    findings.check(votes === votesIn(world, view).get(node), `the votes for ${node} are miscounted`, step)
  }
  findings.check(fencesLost(step).length === 0, 'a fence is lost', step)
  findings.check(uncut(step).length === 0, 'what is in use outlives the verdict', step)
}

/** The fences that are gone, of nodes that neither won nor were seen as standbys that receive. */
function fencesLost({ before, state: { memory, view, verdict } }: Step): readonly string[] {
  return before.memory.fences
    .filter(({ node }) => !memory.fences.some((fence) => fence.node === node))
    .filter(({ node }) => {
      const seen = findNode(view, node)
      const hasJoined = seen?.state === 'standby' && seen.answer?.receiving === true
      return !hasJoined && node !== writableNode(verdict)
    })
    .map(({ node }) => node)
}

/** Newly condemned, and no word of its connections in use. */
function uncut({ before, state }: Step): readonly string[] {
  const [was, is] = [condemned(before), condemned(state)]
  const fresh = is.filter((node) => !was.includes(node))
  if (fresh.length === 0) return []
  const cut = transition(before, state).flatMap((effect) =>
    effect.kind === 'destroyLeased' ? effect.node : [],
  )
  return fresh.filter((node) => !cut.includes(node))
}

function condemned({ verdict, memory }: ClusterState): readonly string[] {
  const disputed = verdict.kind === 'dualPrimary' ? verdict.claimants : []
  const spared = verdict.rule === 'unconfirmed' ? memory.incumbent : null
  return [...verdict.stale, ...disputed.filter((node) => node !== spared)]
}

/** The one primary that both others say they follow, whatever is remembered. */
function healedTo({ lives }: VotingWorld): string | null {
  const name = NAMES.find((each, i) => {
    const others = lives.filter((_, j) => j !== i)
    return lives[i]?.startsWith('primary') && others.every((life) => life.endsWith(`follows=${each}`))
  })
  return name === undefined ? null : longName(name)
}
