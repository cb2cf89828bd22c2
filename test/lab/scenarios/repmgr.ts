// What is played under repmgr: an automatic failover, and the two ways to two primaries that nobody fences.
import type { Scenario } from './scenario.ts'

const area = 'repmgr'

export const repmgrScenarios: readonly Scenario[] = [
  {
    ...{ name: 'repmgr-primary-killed', area, title: 'the primary killed' },
    cluster: 'a standby is promoted and the other follows it; the old primary is cloned anew',
    breaks: [{ fault: 'postgres-kill', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: 3000,
    mayLose: true,
  },
  {
    ...{
      name: 'repmgr-old-primary-started',
      area,
      title: 'the primary killed, and started by hand after the failover',
    },
    cluster: 'two primaries, both writable, until somebody acts',
    breaks: [{ fault: 'killed-and-started-by-hand', on: 'primary' }],
    effect: 'twoPrimaries',
    holdMillis: 5000,
    mayLose: true,
  },
  {
    ...{
      name: 'repmgr-partition',
      area,
      title: 'the primary cut off from its standbys, not from the applications',
    },
    cluster: 'two primaries, which stay when the partition ends, until somebody acts',
    breaks: [{ fault: 'partition', on: 'primary' }],
    effect: 'twoPrimaries',
    holdMillis: 5000,
    mayLose: true,
  },
]
