// Builds the verdict that a table writes in words: `primary a followers`, `dual a b undecided`, `none noClaimant`.
import type { DualPrimary, NoPrimary, OnePrimary, Verdict } from '../../src/split-brain/verdict.ts'
import { longName } from './cluster-script.ts'
import { strictWord } from './strict-mapping.ts'

const NO: readonly NoPrimary['rule'][] = [
  ...(['starting', 'noClaimant', 'incumbentDoubted', 'rivalSilent', 'managerElsewhere'] as const),
  ...(['othersUnheard', 'newerFollowed'] as const),
  ...(['belowHighWater', 'otherHistory', 'tracing', 'fenced', 'noQuorum'] as const),
]
const ONE: readonly OnePrimary['rule'][] = [
  ...(['onlyClaimant', 'highWater', 'followers', 'settledFollowers', 'rewound'] as const),
  ...(['decide', 'pinned', 'manager', 'othersFenced', 'policyWarn', 'policyOff'] as const),
]
const DUAL: readonly DualPrimary['rule'][] = [
  ...(['unconfirmed', 'managerElsewhere', 'settling', 'undecided', 'twoSystems'] as const),
]

export function verdictFrom(
  words: string,
  { stale = [], foreign = [] }: { stale?: readonly string[]; foreign?: readonly string[] } = {},
): Verdict {
  const [kind, ...rest] = words.split(' ')
  const rule = rest.at(-1)
  const nodes = rest.slice(0, -1).map(longName)
  const grounds = {
    ...{ reason: '', rules: [], stale: stale.map(longName), foreign: foreign.map(longName) },
    ...{ evidence: [], standbys: [], managerNames: null },
  }
  switch (strictWord(kind, ['none', 'primary', 'dual'])) {
    case 'none':
      return { kind: 'none', rule: strictWord(rule, NO), ...grounds }
    case 'primary':
      return { kind: 'primary', node: nodes[0] ?? '', rule: strictWord(rule, ONE), ...grounds }
    case 'dual':
      return { kind: 'dualPrimary', claimants: nodes, rule: strictWord(rule, DUAL), ...grounds }
  }
}
