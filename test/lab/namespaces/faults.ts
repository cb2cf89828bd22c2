// Everything that can be broken in the Patroni lab, and how it is healed. Knows nothing of what clients see.
import { freezeTree, thawTree } from '../../../src/testing/process-tree.ts'
import type { Fault, LabHost } from '../port.ts'
import * as daemons from './daemons.ts'
import type { NamespaceHost } from './layout.ts'
import * as network from './network.ts'
import type { PatroniLab } from './patroni-lab.ts'
import * as rest from './patroni-rest.ts'
import { ETCD_CLIENT_PORT, ETCD_PEER_PORT } from './settings/patroni.ts'

interface HostFault {
  readonly says: string
  readonly inject: (host: NamespaceHost) => Promise<unknown>
  readonly heal?: (host: NamespaceHost) => Promise<unknown>
}

export function patroniFaults(lab: PatroniLab): Readonly<Record<string, Fault>> {
  const faults: Record<string, HostFault> = {
    ...keepalivedFaults(lab),
    ...haproxyFaults(lab),
    ...(lab.addressBy === 'vip-manager' ? vipManagerFaults(lab) : {}),
    ...patroniProcessFaults(lab),
    ...etcdFaults(lab),
    ...postgresFaults(),
    ...hostFaults(lab),
  }
  const hostOf = ({ name }: LabHost): NamespaceHost => {
    const found = lab.hosts.find((host) => host.name === name)
    if (found === undefined) throw new Error(`The lab has no host "${name}"`)
    return found
  }
  return Object.fromEntries(
    Object.entries(faults).map(([name, { says, inject, heal }]) => [
      name,
      {
        says,
        inject: async (host: LabHost) => void (await inject(hostOf(host))),
        heal: async (host: LabHost) => void (await heal?.(hostOf(host))),
      },
    ]),
  )
}

function keepalivedFaults(lab: PatroniLab): Record<string, HostFault> {
  const heal = async (host: NamespaceHost): Promise<void> => {
    await daemons.killRunning(host, 'keepalived', await daemons.pidOf(host, 'keepalived'))
    await lab.startKeepalived(host)
  }
  return {
    'keepalived-stop': {
      says: 'keepalived is told to end',
      inject: (host) => daemons.terminate(host, 'keepalived'),
      heal,
    },
    'keepalived-kill': {
      says: 'all processes of keepalived are killed at once',
      inject: (host) => daemons.killWithChildren(host, 'keepalived'),
      heal,
    },
    'keepalived-kill-parent': {
      says: "keepalived's parent process is killed",
      inject: (host) => daemons.kill(host, 'keepalived'),
      heal,
    },
    'keepalived-kill-children': {
      says: "keepalived's children are killed",
      inject: async (host) => {
        await daemons.killRunning(host, 'keepalived', await daemons.pidOf(host, 'keepalived'))
      },
    },
  }
}

function vipManagerFaults(lab: PatroniLab): Record<string, HostFault> {
  return {
    'vip-manager-kill': {
      says: 'vip-manager is killed: the address stays where it is',
      inject: (host) => daemons.kill(host, 'vip-manager'),
      heal: (host) => lab.startVipManager(host),
    },
  }
}

function haproxyFaults(lab: PatroniLab): Record<string, HostFault> {
  const heal = async (host: NamespaceHost): Promise<void> => {
    // Workers that outlived their master would share the ports with the new ones.
    if ((await daemons.pidOf(host, 'haproxy')) === undefined) await daemons.killRunning(host, 'haproxy')
    await lab.startHaproxy(host)
  }
  return {
    'haproxy-stop': {
      says: 'HAProxy is told to end',
      inject: (host) => daemons.terminate(host, 'haproxy'),
      heal,
    },
    'haproxy-kill': {
      says: "HAProxy's master and workers are killed",
      inject: (host) => daemons.killWithChildren(host, 'haproxy'),
      heal,
    },
    'haproxy-kill-master': {
      says: "HAProxy's master is killed",
      inject: (host) => daemons.kill(host, 'haproxy'),
      heal,
    },
    'haproxy-kill-workers': {
      says: "HAProxy's workers are killed",
      inject: async (host) => daemons.killRunning(host, 'haproxy', await daemons.pidOf(host, 'haproxy')),
      heal,
    },
  }
}

function patroniProcessFaults(lab: PatroniLab): Record<string, HostFault> {
  const heal = (host: NamespaceHost): Promise<void> => lab.startPatroni(host)
  return {
    'patroni-stop': {
      says: 'Patroni is told to end',
      inject: (host) => daemons.terminate(host, 'patroni'),
      heal,
    },
    'patroni-kill': { says: 'Patroni is killed', inject: (host) => daemons.kill(host, 'patroni'), heal },
    'patroni-freeze': {
      says: 'Patroni is frozen',
      inject: (host) => daemons.signal(host, 'patroni', 'SIGSTOP'),
      heal: (host) => daemons.signal(host, 'patroni', 'SIGCONT'),
    },
  }
}

function etcdFaults(lab: PatroniLab): Record<string, HostFault> {
  const heal = (host: NamespaceHost): Promise<void> => lab.startEtcd(host)
  return {
    'etcd-kill': { says: 'etcd is killed', inject: (host) => daemons.kill(host, 'etcd'), heal },
    'etcd-stop': { says: 'etcd is told to end', inject: (host) => daemons.terminate(host, 'etcd'), heal },
    'etcd-unreachable': {
      says: 'Patroni reaches no etcd member any more',
      // Its own member is cut off from the others, too, or it would answer from what it knew.
      inject: (host) => network.silence(host, { table: 'etcd', ports: [ETCD_CLIENT_PORT, ETCD_PEER_PORT] }),
      heal: (host) => network.endSilence(host, 'etcd'),
    },
  }
}

function postgresFaults(): Record<string, HostFault> {
  const withServer = async (host: NamespaceHost, act: (pid: number) => unknown): Promise<void> => {
    const pid = await daemons.postmasterOf(host)
    if (pid !== undefined) await act(pid)
  }
  return {
    'postgres-stop': {
      says: 'PostgreSQL is stopped in fast mode',
      inject: (host) => withServer(host, (pid) => process.kill(pid, 'SIGINT')),
    },
    'postgres-kill': {
      says: "PostgreSQL's postmaster is killed",
      inject: (host) => withServer(host, (pid) => process.kill(pid, 'SIGKILL')),
    },
    'postgres-freeze': {
      says: 'PostgreSQL is frozen',
      inject: (host) => withServer(host, freezeTree),
      heal: (host) => withServer(host, thawTree),
    },
    'promote-without-key': {
      says: 'a standby is promoted behind the back of the manager',
      inject: (host) => {
        const server = [...daemons.AS_POSTGRES, `${daemons.SERVER_BINARIES}/pg_ctl`, '-D', host.data]
        return network.inside(host, [...server, '-W', 'promote'])
      },
      heal: (host) => rest.reinitialise(host),
    },
  }
}

function hostFaults(lab: PatroniLab): Record<string, HostFault> {
  return {
    'card-down': {
      says: 'the network card goes down',
      inject: (host) => network.setCard(host, 'down'),
      heal: (host) => network.setCard(host, 'up'),
    },
    silence: {
      says: 'every packet from and to the host is dropped',
      inject: (host) => network.silence(host, { table: 'silence' }),
      heal: (host) => network.endSilence(host, 'silence'),
    },
    'power-cut': {
      says: 'the host loses its power',
      inject: async (host) => {
        await network.setCable(host, 'down')
        await daemons.killAllInside(host)
        await network.dropAddress(host, lab.layout.virtualAddress)
      },
      heal: async (host) => {
        await network.setCable(host, 'up')
        await lab.startEtcd(host)
        await lab.startPatroni(host)
        if (!lab.layout.proxies.includes(host)) return
        await lab.startHaproxy(host)
        await lab.startKeepalived(host)
      },
    },
  }
}
