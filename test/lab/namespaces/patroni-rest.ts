// What Patroni's REST interface and etcd's health say, and what they can be told.
import type { Layout, NamespaceHost } from './layout.ts'
import { PATRONI_PORT } from './layout.ts'
import { ETCD_CLIENT_PORT } from './settings/patroni.ts'

const LOOK_MILLIS = 2000
const CHANGE_MILLIS = 60_000

/** Whether the member says yes to this role: primary, replica. */
export async function answers(host: NamespaceHost, role: string): Promise<boolean> {
  return (await statusOf(host, role)) === 200
}

async function statusOf(host: NamespaceHost, path: string): Promise<number | undefined> {
  try {
    const response = await fetch(at(host, path), { signal: AbortSignal.timeout(LOOK_MILLIS) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}

/** The cluster as one member sees it; undefined where it does not answer. */
export async function clusterSeenBy(host: NamespaceHost): Promise<unknown> {
  try {
    const response = await fetch(at(host, 'cluster'), { signal: AbortSignal.timeout(LOOK_MILLIS) })
    return await response.json()
  } catch {
    return undefined
  }
}

export async function hasSynchronousStandby(host: NamespaceHost): Promise<boolean> {
  const cluster = (await clusterSeenBy(host)) as { members?: { role: string }[] } | undefined
  return (cluster?.members ?? []).some(({ role }) => role === 'sync_standby' || role === 'quorum_standby')
}

export async function switchover(leader: NamespaceHost, candidate: string): Promise<void> {
  await tell(leader, { path: 'switchover', method: 'POST', body: { leader: leader.name, candidate } })
}

/** The member throws its data away and copies the leader's. */
export async function reinitialise(member: NamespaceHost): Promise<void> {
  await tell(member, { path: 'reinitialize', method: 'POST', body: { force: true } })
}

export async function configure(leader: NamespaceHost, change: Record<string, unknown>): Promise<void> {
  await tell(leader, { path: 'config', method: 'PATCH', body: change })
}

export async function isEtcdHealthy(layout: Layout): Promise<boolean> {
  for (const { address } of layout.hosts) {
    try {
      const signal = AbortSignal.timeout(LOOK_MILLIS)
      const response = await fetch(`http://${address}:${ETCD_CLIENT_PORT}/health`, { signal })
      const { health } = (await response.json()) as { health?: string }
      if (health !== 'true') return false
    } catch {
      return false
    }
  }
  return true
}

async function tell(
  host: NamespaceHost,
  { path, method, body }: { path: string; method: string; body: unknown },
): Promise<void> {
  const response = await fetch(at(host, path), {
    method,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CHANGE_MILLIS),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} /${path} of ${host.name}: ${response.status} ${text}`)
}

function at(host: NamespaceHost, path: string): string {
  return `http://${host.address}:${PATRONI_PORT}/${path}`
}
