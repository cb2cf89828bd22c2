// Hosts as network namespaces on one bridge, and what can happen to their cables. Knows nothing of PostgreSQL.
import { attempt, command } from '../command.ts'
import type { Layout, NamespaceHost } from './layout.ts'

export async function createNetwork(layout: Layout): Promise<void> {
  await command(['ip', 'link', 'add', layout.bridge, 'type', 'bridge'])
  await command(['ip', 'addr', 'add', `${layout.gateway}/24`, 'dev', layout.bridge])
  await command(['ip', 'link', 'set', layout.bridge, 'up'])
  for (const host of everyHost(layout)) {
    const { namespace, cable, address } = host
    await command(['ip', 'netns', 'add', namespace])
    await command(['ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace])
    await command(['ip', 'link', 'set', cable, 'master', layout.bridge, 'up'])
    await inside(host, ['ip', 'link', 'set', 'lo', 'up'])
    await inside(host, ['ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
    await inside(host, ['ip', 'link', 'set', 'eth0', 'up'])
  }
}

/** Removes what is there of it; the namespaces must be empty. */
export async function removeNetwork(layout: Layout): Promise<void> {
  for (const { namespace, cable } of everyHost(layout)) {
    await attempt(['ip', 'link', 'del', cable])
    await attempt(['ip', 'netns', 'del', namespace])
  }
  await attempt(['ip', 'link', 'del', layout.bridge])
}

export function everyHost(layout: Layout): readonly NamespaceHost[] {
  return [...layout.hosts, layout.pooler]
}

/** Runs a program inside the host. */
export function inside(host: NamespaceHost, argv: readonly string[], input = ''): Promise<string> {
  return command(['ip', 'netns', 'exec', host.namespace, ...argv], { input })
}

/** The pids of everything that runs inside the host. */
export async function pidsInside(host: NamespaceHost): Promise<readonly number[]> {
  const listed = await attempt(['ip', 'netns', 'pids', host.namespace])
  return listed.split(/\s+/).filter(Boolean).map(Number)
}

/** The network card, from inside. */
export async function setCard(host: NamespaceHost, state: 'up' | 'down'): Promise<void> {
  await inside(host, ['ip', 'link', 'set', 'eth0', state])
}

/** The cable, from outside: the host sees that there is no carrier. */
export async function setCable(host: NamespaceHost, state: 'up' | 'down'): Promise<void> {
  await command(['ip', 'link', 'set', host.cable, state])
}

export async function addressesOf(host: NamespaceHost): Promise<readonly string[]> {
  const listed = await attempt([
    'ip',
    'netns',
    'exec',
    host.namespace,
    'ip',
    '-o',
    '-4',
    'addr',
    'show',
    'eth0',
  ])
  return [...listed.matchAll(/inet ([\d.]+)\//g)].map(([, address]) => address ?? '')
}

/** Takes an address off the card, as a restart of the host would. */
export async function dropAddress(host: NamespaceHost, address: string): Promise<void> {
  await attempt(['ip', 'netns', 'exec', host.namespace, 'ip', 'addr', 'del', `${address}/24`, 'dev', 'eth0'])
}

export interface Silence {
  /** Names the rule, so that it can be taken back. */
  readonly table: string
  /** Only packets from and to these addresses; everything where it is left out. */
  readonly peers?: readonly string[]
  /** Only TCP packets of these ports, at either end. */
  readonly ports?: readonly number[]
}

/** Drops packets on their way in and out without a word to either side. */
export async function silence(host: NamespaceHost, { table, peers, ports }: Silence): Promise<void> {
  const rules = (side: 'saddr' | 'daddr'): string => {
    const from = peers === undefined ? 'meta protocol ip' : `ip ${side} { ${peers.join(', ')} }`
    if (ports === undefined) return `${from} drop`
    const list = `{ ${ports.join(', ')} }`
    return `${from} tcp dport ${list} drop\n    ${from} tcp sport ${list} drop`
  }
  const chain = (name: string, hook: string, side: 'saddr' | 'daddr'): string =>
    `  chain ${name} {\n    type filter hook ${hook} device eth0 priority 0;\n    ${rules(side)}\n  }\n`
  const text = `table netdev ${table} {\n${chain('coming', 'ingress', 'saddr')}${chain('going', 'egress', 'daddr')}}\n`
  await inside(host, ['nft', '-f', '-'], text)
}

export async function endSilence(host: NamespaceHost, table: string): Promise<void> {
  await attempt(['ip', 'netns', 'exec', host.namespace, 'nft', 'delete', 'table', 'netdev', table])
}
