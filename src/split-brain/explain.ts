// A verdict in words, for whoever is called at night: what was decided by which rule, what each node showed, and what would
// change it. Knows nothing that the verdict does not hold.
import { assertNever } from '../topology/assert-never.ts'
import type { ClaimantEvidence } from './evidence.ts'
import { numbered } from './rules.ts'
import type { Verdict } from './verdict.ts'

/** Several lines, without a password or an address that is not in the host list. */
export function explain(verdict: Verdict): string {
  const claimants = verdict.evidence.map((claimant) => `  ${claimantInWords(claimant, verdict)}`)
  const standbys = verdict.standbys.map(({ node, follows, timeline }) => {
    const on = timeline === null ? '' : ` on timeline ${timeline}`
    return `  ${node} follows ${follows ?? 'nobody that can be seen'}${on}`
  })
  return [
    `${outcome(verdict)}: ${verdict.reason}.`,
    `Rules: ${verdict.rules.map(numbered).join(', ')} (docs/split-brain.md).`,
    ...(claimants.length === 0 ? [] : ['Nodes that say they are the primary:', ...claimants]),
    ...(standbys.length === 0 ? [] : ['Standbys:', ...standbys]),
    ...(verdict.managerNames === null ? [] : [`The cluster manager names ${verdict.managerNames}.`]),
    ...(verdict.foreign.length === 0 ? [] : [`Of another cluster: ${verdict.foreign.join(', ')}.`]),
    ...nextSteps(verdict),
  ].join('\n')
}

function outcome(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'primary':
      return `${verdict.node} is written to`
    case 'none':
      return 'No node is written to'
    case 'dualPrimary':
      return `No node is written to, ${verdict.claimants.join(' and ')} are in dispute`
    default:
      return assertNever(verdict)
  }
}

function claimantInWords(claimant: ClaimantEvidence, verdict: Verdict): string {
  const { node, timeline, history, followers, votes, canCommit } = claimant
  const last = history?.switches.at(-1)
  const from = last === undefined ? '' : ` (left timeline ${last.timeline} at ${last.lsn})`
  return [
    `${node}: timeline ${timeline ?? 'hidden'}${from}`,
    `${followers ?? 'hidden'} followers by its own count`,
    `${votes} standbys that say they follow it`,
    ...(canCommit === false ? ['no commit can finish there, its synchronous standby is missing'] : []),
    ...(verdict.stale.includes(node) ? ['has lost'] : []),
  ].join(', ')
}

function nextSteps({ rule }: Verdict): readonly string[] {
  switch (rule) {
    case 'settling':
      return ['Followers that move, or the cluster manager, decide at once; else the settling time does.']
    case 'undecided':
    case 'twoSystems':
      return ['It ends when one of them stops claiming. Demote the wrong one: docs/runbooks/split-brain.md.']
    case 'managerElsewhere':
      return ['It ends when the node that the manager names is the primary, or the manager names another.']
    case 'belowHighWater':
    case 'otherHistory':
    case 'fenced':
      return [
        'It comes back when it has been a standby, when most nodes follow it, or by pinTimeline or decide.',
      ]
    default:
      return []
  }
}
