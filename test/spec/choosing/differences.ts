// Where the choice of a host differs from libpq's or pgjdbc's on purpose: all of it, and why. A difference says how the
// original would have to see the host list to choose as we do; what no difference covers is the same.
import type { SplitBrainPolicy } from '../../../src/config/settings.ts'
import { type HostKind, isClaiming, sqlStateOf } from '../../support/host-kind.ts'

export type Original = 'libpq' | 'pgjdbc'

export interface Choice {
  readonly original: Original
  readonly setting: string
  readonly hosts: readonly HostKind[]
  readonly splitBrain: SplitBrainPolicy
  /** libpq only: whether a connect_timeout is given. */
  readonly connectTimeout: boolean
}

export interface Difference {
  readonly whose: readonly Original[]
  readonly theirs: string
  readonly ours: string
  readonly reason: string
  /** The host list as the original would have to see it; the same list where the difference does not apply. */
  readonly seen: (choice: Choice) => readonly HostKind[]
}

const LOGIN_REFUSED: readonly (string | null)[] = ['28P01', '28000', '3D000', '42501']

export const differences = {
  silenceIsNotWaitedFor: {
    whose: ['libpq'],
    theirs: 'waits for ever for a host that accepts and says nothing, unless a connect_timeout is given',
    ours: 'passes over a host that has not answered when the startup grace is over',
    reason: 'One dead host must not stop a client that has others',
    seen: ({ hosts }) => without(hosts, (kind) => kind === 'silent' || kind === 'hang'),
  },
  refusedLoginIsNotTheEnd: {
    whose: ['libpq'],
    theirs: 'stops at a host that refuses the password, the database or the role',
    ours: 'passes over it; where every host refuses, the first one’s own error is reported',
    reason: 'One badly configured host is no reason to do without the others',
    seen: ({ hosts }) =>
      without(hosts, (kind) => kind.startsWith('err:') && LOGIN_REFUSED.includes(sqlStateOf(kind))),
  },
  tooManyConnectionsIsNotTheEnd: {
    whose: ['libpq'],
    theirs: 'stops at a host that has too many connections (53300)',
    ours: 'passes over it until it lets the monitor in',
    reason: 'A full server is a reason to ask the next one',
    seen: ({ hosts }) => without(hosts, (kind) => kind === 'err:53300'),
  },
  brokenOffLoginIsNotTheEnd: {
    whose: ['libpq'],
    theirs: 'stops at a host that breaks the login off after authentication, a shutdown included',
    ours: 'passes over it, before or after authentication alike',
    reason: 'A server that goes down between two messages is as good as down',
    seen: ({ hosts }) => without(hosts, (kind) => kind.startsWith('late:')),
  },
  dualPrimaryIsNotFed: {
    whose: ['libpq', 'pgjdbc'],
    theirs: 'takes the first of several primaries that fits and never looks at the others',
    ours: 'takes none of them while they cannot be told apart; a standby serves what a standby may serve',
    reason: 'Two histories that both grow cannot be joined again',
    seen: ({ hosts, splitBrain }) =>
      splitBrain === 'refuse' && claiming(hosts).length > 1 ? without(hosts, isClaiming) : hosts,
  },
  onePrimaryAtATime: {
    whose: ['libpq', 'pgjdbc'],
    theirs: 'takes the first of several primaries that fits, another one for another target',
    ours: 'takes one for all targets with splitBrain=off: the first that takes writes, else the first; not the others',
    reason: 'Whoever does without the checks still must not write to two',
    seen: ({ hosts, splitBrain }) => {
      if (splitBrain !== 'off' || claiming(hosts).length < 2) return hosts
      const named = hosts.includes('primary') ? hosts.indexOf('primary') : hosts.indexOf('primary_ro')
      return hosts.map((kind, i) => (isClaiming(kind) && i !== named ? 'down' : kind))
    },
  },
  readOnlyPrimaryIsAPrimary: {
    whose: ['pgjdbc'],
    theirs:
      'takes a primary with default_transaction_read_only for a secondary where one of the two is preferred',
    ours: 'takes it for the primary, as libpq and Npgsql do',
    reason: 'A setting that any session can change makes no standby of a primary',
    seen: ({ hosts, setting }) =>
      setting.startsWith('prefer') ? hosts.map((kind) => (kind === 'primary_ro' ? 'primary' : kind)) : hosts,
  },
} as const satisfies Readonly<Record<string, Difference>>

export type DifferenceName = keyof typeof differences

/** Those that apply to a choice, with the list as they make it seen, one after the other. */
export function applying(choice: Choice): { names: readonly DifferenceName[]; hosts: readonly HostKind[] } {
  let { hosts } = choice
  const names: DifferenceName[] = []
  for (const [name, difference] of Object.entries<Difference>(differences)) {
    if (!difference.whose.includes(choice.original)) continue
    const seen = difference.seen({ ...choice, hosts })
    if (seen.every((kind, i) => kind === hosts[i])) continue
    names.push(name as DifferenceName)
    hosts = seen
  }
  return { names, hosts }
}

function claiming(hosts: readonly HostKind[]): readonly HostKind[] {
  return hosts.filter(isClaiming)
}

function without(hosts: readonly HostKind[], gone: (kind: HostKind) => boolean): readonly HostKind[] {
  return hosts.map((kind) => (gone(kind) ? 'down' : kind))
}
