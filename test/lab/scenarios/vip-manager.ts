// What is played where vip-manager holds the virtual address, on the servers themselves, by Patroni's leader key.
import type { Scenario } from './scenario.ts'

const area = 'vip-manager'

export const vipManagerScenarios: readonly Scenario[] = [
  {
    ...{ name: 'vip-manager-leader-stopped', area, title: 'Patroni stopped on the primary, started again' },
    cluster: 'failover, and the address goes with the leader key',
    breaks: [{ fault: 'patroni-stop', on: 'primary' }],
    effect: 'newPrimary',
    holdMillis: 5000,
    mayLose: true,
  },
  {
    ...{ name: 'vip-manager-killed', area, title: 'killed on the primary, whose Patroni is stopped, too' },
    cluster: 'failover; the address is on two hosts, of which one has no server',
    breaks: [
      { fault: 'vip-manager-kill', on: 'primary' },
      { fault: 'patroni-stop', on: 'primary' },
    ],
    effect: 'twoHolders',
    holdMillis: 5000,
    mayLose: true,
  },
]
