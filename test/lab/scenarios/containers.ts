// What is played in containers: everything that an engine can do to one, and what a careless operator can.
import type { Scenario } from './scenario.ts'

const HOLD_MILLIS = 3000
const area = 'containers'

export const containerScenarios: readonly Scenario[] = [
  {
    ...{ name: 'container-killed', area, title: "the primary's container killed, a standby promoted" },
    cluster: 'the other standby follows; the old primary comes back as a new copy',
    breaks: [{ fault: 'kill', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: HOLD_MILLIS,
    mayLose: true,
    inShort: true,
  },
  {
    ...{
      name: 'container-stopped',
      area,
      title: "the primary's container stopped in order, a standby promoted",
    },
    cluster: 'a switchover: the old primary comes back as a new copy',
    breaks: [{ fault: 'stop', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: HOLD_MILLIS,
    inShort: true,
  },
  {
    ...{
      name: 'container-frozen',
      area,
      title: "the primary's container frozen, a standby promoted, thawed",
    },
    cluster: 'two primaries from the thaw on, until the old one is copied anew 2 s later',
    breaks: [{ fault: 'freeze', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: HOLD_MILLIS,
    mayLose: true,
    inShort: true,
  },
  {
    ...{
      name: 'container-disconnected',
      area,
      title: "the primary's container off the network of the cluster, a standby promoted",
    },
    cluster:
      'two primaries: applications still reach the old one, which keeps its lost followers on its list',
    breaks: [{ fault: 'disconnect', on: 'primary' }],
    effect: 'twoPrimaries',
    holdMillis: HOLD_MILLIS,
    mayLose: true,
  },
  {
    ...{ name: 'container-restarted', area, title: "the primary's container restarted" },
    cluster: 'nobody is promoted: the same primary comes back',
    breaks: [{ fault: 'restart', on: 'primary' }],
    effect: 'primaryAgain',
    holdMillis: HOLD_MILLIS,
    mayLose: true,
  },
  {
    ...{ name: 'promoted-without-fencing', area, title: 'a standby promoted while the primary goes on' },
    cluster: 'two primaries; the other standby follows the new one',
    breaks: [{ fault: 'promote-another', on: 'primary' }],
    effect: 'twoPrimaries',
    holdMillis: 5000,
    mayLose: true,
    inShort: true,
  },
  {
    ...{ name: 'standby-container-killed', area, title: "a standby's container killed" },
    cluster: 'one standby less; it comes back as a new copy',
    breaks: [{ fault: 'kill', on: 'standby' }],
    effect: 'standbyAway',
    holdMillis: HOLD_MILLIS,
  },
  {
    ...{ name: 'standby-container-frozen', area, title: "a standby's container frozen" },
    cluster: 'one standby is silent',
    breaks: [{ fault: 'freeze', on: 'standby' }],
    effect: 'standbyAway',
    holdMillis: HOLD_MILLIS,
  },
]
