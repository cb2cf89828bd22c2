// The rows of the matrix in front of the servers: the virtual address, network cards, HAProxy.
import { HOLD_MILLIS, type Scenario, SHORT_HOLD_MILLIS } from './scenario.ts'

const keepalived: readonly Scenario[] = [
  {
    name: 'keepalived-stopped-on-holder',
    area: 'keepalived',
    title: 'stopped on the holder of the VIP, started again',
    cluster: 'the VIP moves, and moves back',
    breaks: [{ fault: 'keepalived-stop', on: 'holder' }],
    effect: 'addressMoved',
    holdMillis: SHORT_HOLD_MILLIS,
  },
  {
    name: 'keepalived-stopped-on-backup',
    area: 'keepalived',
    title: 'stopped on the backup, started again',
    cluster: 'nothing',
    breaks: [{ fault: 'keepalived-stop', on: 'backup' }],
    effect: 'none',
    holdMillis: SHORT_HOLD_MILLIS,
  },
  {
    name: 'keepalived-killed-on-holder',
    area: 'keepalived',
    title: 'all its processes killed on the holder at once',
    cluster: 'the VIP stays there and comes up on the backup, too: two holders',
    breaks: [{ fault: 'keepalived-kill', on: 'holder' }],
    effect: 'twoHolders',
    holdMillis: HOLD_MILLIS,
    inShort: true,
  },
  {
    name: 'keepalived-parent-killed',
    area: 'keepalived',
    title: 'only its parent process killed on the holder',
    cluster: 'the VIP moves',
    breaks: [{ fault: 'keepalived-kill-parent', on: 'holder' }],
    effect: 'addressMoved',
    holdMillis: SHORT_HOLD_MILLIS,
  },
  {
    name: 'keepalived-children-killed',
    area: 'keepalived',
    title: 'only its children killed on the holder',
    cluster: 'the VIP moves for a moment, and back when they are there again',
    breaks: [{ fault: 'keepalived-kill-children', on: 'holder' }],
    effect: 'none',
    holdMillis: HOLD_MILLIS,
  },
]

const card: readonly Scenario[] = [
  {
    name: 'card-down-on-primary',
    area: 'network card',
    title: "down on the primary's host, then up",
    cluster: 'the VIP moves, failover; the node returns as a standby',
    breaks: [{ fault: 'card-down', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: HOLD_MILLIS,
    onPreferred: true,
    mayLose: true,
  },
  {
    name: 'card-down-on-standby',
    area: 'network card',
    title: "down on a standby's host, then up",
    cluster: 'the node leaves the lists, and returns by itself',
    breaks: [{ fault: 'card-down', on: 'standby' }],
    effect: 'standbyAway',
    holdMillis: HOLD_MILLIS,
  },
  {
    name: 'primary-silenced',
    area: 'network card',
    title: "every packet of the primary's host dropped, then not",
    cluster: 'failover; nobody hears from the old primary',
    breaks: [{ fault: 'silence', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: HOLD_MILLIS,
    onPreferred: true,
    mayLose: true,
  },
]

const haproxy: readonly Scenario[] = [
  {
    name: 'haproxy-master-killed',
    area: 'HAProxy',
    title: "its master killed on the VIP's holder",
    cluster: 'the VIP moves, and returns',
    breaks: [{ fault: 'haproxy-kill-master', on: 'holder' }],
    effect: 'addressMoved',
    holdMillis: SHORT_HOLD_MILLIS,
  },
  {
    name: 'haproxy-workers-killed',
    area: 'HAProxy',
    title: "its workers killed on the VIP's holder",
    cluster: 'the master ends, too: the VIP moves, and returns',
    breaks: [{ fault: 'haproxy-kill-workers', on: 'holder' }],
    effect: 'addressMoved',
    holdMillis: SHORT_HOLD_MILLIS,
  },
  {
    name: 'haproxy-killed',
    area: 'HAProxy',
    title: "killed on the VIP's holder",
    cluster: 'the VIP moves, and returns',
    breaks: [{ fault: 'haproxy-kill', on: 'holder' }],
    effect: 'addressMoved',
    holdMillis: SHORT_HOLD_MILLIS,
  },
  {
    name: 'haproxy-stopped-on-backup',
    area: 'HAProxy',
    title: 'stopped on the backup, started again',
    cluster: 'nothing',
    breaks: [{ fault: 'haproxy-stop', on: 'backup' }],
    effect: 'none',
    holdMillis: SHORT_HOLD_MILLIS,
  },
]

export const frontScenarios: readonly Scenario[] = [...keepalived, ...card, ...haproxy]
