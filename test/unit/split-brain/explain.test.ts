// A verdict in words, as whoever is called at night reads it.
import { describe, expect, test } from 'vitest'
import { explain } from '../../../src/split-brain/explain.ts'
import { playAll, type Step } from '../../support/cluster-script.ts'

interface Case {
  readonly name: string
  readonly steps: readonly Step[]
  readonly words: readonly string[]
}

const BOTH = { a: 'primary tl=1 followers=1', b: 'primary tl=2 followers=0' }
const CASES: readonly Case[] = [
  {
    name: 'one primary',
    steps: [{ at: 100, see: { a: 'primary', b: 'standby receiving=yes follows=a tl=1', c: 'standby' } }],
    words: [
      'a:5432 is written to: a:5432 is the only node that says it is the primary.',
      'Rules: 12 onlyClaimant (docs/split-brain.md).',
      'Nodes that say they are the primary:',
      '  a:5432: timeline hidden, hidden followers by its own count, 1 standbys that say they follow it',
      'Standbys:',
      '  b:5432 follows a:5432 on timeline 1',
      '  c:5432 follows nobody that can be seen',
    ],
  },
  {
    name: 'nobody',
    steps: [{ at: 100, see: { a: 'silent', b: 'standby', c: 'silent' } }],
    words: [
      'No node is written to: No node says that it is the primary.',
      'Rules: 2 noClaimant (docs/split-brain.md).',
      'Standbys:',
      '  b:5432 follows nobody that can be seen',
    ],
  },
  {
    name: 'followers that have not moved yet',
    steps: [
      { at: 100, see: { ...BOTH, c: 'silent' } },
      { at: 200, see: { a: BOTH.a, b: 'primary tl=2 followers=0 traced commit=no' } },
      { at: 200, trace: { b: '1@0/30' } },
    ],
    words: [
      'No node is written to, a:5432 and b:5432 are in dispute: ' +
        'A newer timeline has appeared and the followers have not moved yet (a:5432 1, b:5432 0).',
      'Rules: 19 settling (docs/split-brain.md).',
      'Nodes that say they are the primary:',
      '  a:5432: timeline 1, 1 followers by its own count, 0 standbys that say they follow it',
      '  b:5432: timeline 2 (left timeline 1 at 0/30), 0 followers by its own count, ' +
        '0 standbys that say they follow it, no commit can finish there, its synchronous standby is missing',
      'Followers that move, or the cluster manager, decide at once; else the settling time does.',
    ],
  },
  {
    name: 'the word of the manager',
    steps: [
      { at: 100, see: { ...BOTH, c: 'silent' } },
      { at: 200, see: BOTH, manager: { a: 'names=b' } },
    ],
    words: [
      'b:5432 is written to: The cluster manager names b:5432.',
      'Rules: 17 manager (docs/split-brain.md).',
      'Nodes that say they are the primary:',
      '  a:5432: timeline 1, 1 followers by its own count, 0 standbys that say they follow it, has lost',
      '  b:5432: timeline 2, 0 followers by its own count, 0 standbys that say they follow it',
      'The cluster manager names b:5432.',
    ],
  },
  {
    name: 'a stranger in the list',
    steps: [{ at: 100, see: { a: 'primary tl=1', b: 'standby', c: 'primary tl=1 system=9' } }],
    words: [
      'a:5432 is written to: a:5432 is the only node that says it is the primary.',
      'Rules: 12 onlyClaimant (docs/split-brain.md).',
      'Nodes that say they are the primary:',
      '  a:5432: timeline 1, hidden followers by its own count, 0 standbys that say they follow it',
      'Standbys:',
      '  b:5432 follows nobody that can be seen',
      'Of another cluster: c:5432.',
    ],
  },
]

const ENDS = 'It ends when one of them stops claiming. Demote the wrong one: docs/runbooks/split-brain.md.'
const BACK =
  'It comes back when it has been a standby, when most nodes follow it, or by pinTimeline or decide.'
const NAMED = 'It ends when the node that the manager names is the primary, or the manager names another.'
const ALONE = { b: 'silent', c: 'silent' }
const NEXT: readonly Case[] = [
  {
    name: 'undecided',
    steps: [
      { at: 100, see: { a: 'primary tl=1', b: 'primary tl=1', c: 'silent' } },
      { at: 200, see: { a: 'primary tl=1', b: 'primary tl=1' } },
    ],
    words: [ENDS],
  },
  {
    name: 'twoSystems',
    steps: [
      { at: 100, see: { a: 'primary system=1', b: 'primary system=2', c: 'silent' } },
      { at: 200, see: { a: 'primary system=1', b: 'primary system=2' } },
    ],
    words: [ENDS],
  },
  {
    name: 'managerElsewhere',
    steps: [
      { at: 100, see: { a: 'primary tl=1', ...ALONE } },
      { at: 200, manager: { a: 'names=b' } },
    ],
    words: [NAMED],
  },
  {
    name: 'belowHighWater',
    steps: [
      { at: 100, see: { a: 'primary tl=2', ...ALONE } },
      { at: 200, see: { a: 'refused' } },
      { at: 300, see: { b: 'primary tl=1' } },
    ],
    words: [BACK],
  },
  {
    name: 'otherHistory',
    steps: [
      { at: 100, see: { a: 'primary tl=2 traced', ...ALONE } },
      { at: 200, trace: { a: '1@0/30' } },
      { at: 300, see: { a: 'refused' } },
      { at: 400, see: { b: 'primary tl=2 traced' } },
      { at: 500, trace: { b: '1@0/40' } },
    ],
    words: [BACK],
  },
  {
    name: 'fenced',
    steps: [
      { at: 100, see: { a: 'primary tl=1', b: 'silent', c: 'silent' } },
      { at: 200, see: { b: 'primary tl=2' } },
      { at: 300, see: { a: 'primary tl=1', b: 'primary tl=2 followers=1' } },
      { at: 400, see: { b: 'refused' } },
      { at: 500, see: { a: 'primary tl=2' } },
    ],
    words: [BACK],
  },
]

describe('a verdict is explained:', () => {
  for (const { name, steps, words } of CASES) {
    test(name, () => {
      expect(explain(playAll(steps).verdict)).toEqual(words.join('\n'))
    })
  }
})

describe('what would end it is said:', () => {
  for (const { name, steps, words } of NEXT) {
    test(name, () => {
      const { verdict } = playAll(steps)
      expect(verdict.rule).toBe(name)
      expect(explain(verdict).split('\n').slice(-1)).toEqual(words)
    })
  }
})
