// The judge's rules by name, numbered as docs/split-brain.md numbers them. Knows nothing of how they are applied.

export const RULES = Object.freeze({
  starting: 1,
  noClaimant: 2,
  policyOff: 3,
  incumbentDoubted: 4,
  rivalSilent: 5,
  managerElsewhere: 6,
  belowHighWater: 7,
  otherHistory: 8,
  tracing: 9,
  fenced: 10,
  rewound: 11,
  onlyClaimant: 12,
  unconfirmed: 13,
  decide: 14,
  pinned: 15,
  twoSystems: 16,
  manager: 17,
  followers: 18,
  settling: 19,
  settledFollowers: 20,
  highWater: 21,
  othersFenced: 22,
  undecided: 23,
  policyWarn: 24,
  noQuorum: 25,
  othersUnheard: 26,
  newerFollowed: 27,
} as const)

export type RuleName = keyof typeof RULES

/** `17 manager` */
export function numbered(rule: RuleName): string {
  return `${RULES[rule]} ${rule}`
}
