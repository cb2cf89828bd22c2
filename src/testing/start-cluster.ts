// Builds a cluster: binaries, folder, ports, one initialized node, copies of it as its standbys. The composition
// root of this folder.

import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { defaultMajor, findBinaries } from './binaries.ts'
import { Cluster } from './cluster.ts'
import { makeClusterFolder } from './cluster-folder.ts'
import type { NodeSurroundings } from './cluster-node.ts'
import { ClusterNode } from './cluster-node.ts'
import { copyData, initializeData } from './data-folder.ts'
import type { Login } from './direct-query.ts'
import { queryOnce, queryUntil } from './direct-query.ts'
import type { ReservedPorts } from './free-port.ts'
import { maxReservedPorts, reservePorts } from './free-port.ts'
import { Reaper } from './reaper.ts'
import { waitUntilReplayed } from './replay.ts'
import { makeRunnable, needsCopy } from './runnable-binaries.ts'
import type { ServerAccount } from './server-account.ts'
import { giveTo, serverAccount } from './server-account.ts'
import { defaultSettings } from './server-settings.ts'

export interface StartClusterOptions {
  /** One primary, the rest its standbys; 3 by default. */
  readonly nodes?: number
  /** PostgreSQL's major version, 12 to 18; 18 by default. */
  readonly version?: number
  /** Whether a commit waits for any one standby; false by default. */
  readonly synchronous?: boolean
  /** Server settings for every node, over the cluster's own. */
  readonly settings?: Readonly<Record<string, string>>
  /** A superuser; `postgres` by default. */
  readonly user?: string
  /** Random by default. */
  readonly password?: string
  /** Created if need be; `postgres` by default. */
  readonly database?: string
}

const loopback = '127.0.0.1'
const maxNodes = maxReservedPorts / 2
const streamMillis = 30_000

/**
 * Starts a PostgreSQL cluster with streaming replication on this machine; resolves when every standby streams and has
 * caught up. Replication runs past the proxies, so their faults cut clients only. The cluster does not keep the
 * process alive by itself, and when the process ends, in whatever way, its servers and files go too.
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<Cluster> {
  const nodeCount = checkedNodeCount(options)
  const found = findBinaries(options.version ?? defaultMajor)
  const account = serverAccount()
  const folder = await makeClusterFolder(account, { programs: await needsCopy(found, account) })
  const reaper = new Reaper(folder)
  let ports: ReservedPorts | undefined
  let nodes: readonly ClusterNode[] = []
  let primary: ClusterNode | undefined
  const cleanUp = async () => {
    ports?.release()
    await reaper.finish()
  }
  try {
    ports = await reservePorts(nodeCount * 2)
    const login = loginOf(options, ports)
    const settings = { ...defaultSettings(found.major, nodeCount), ...options.settings }
    const binaries = await makeRunnable(found, account, folder)
    const surroundings: NodeSurroundings = {
      binaries,
      account,
      reaper,
      settings: () => settings,
      nodes: () => nodes,
      primary: () => primary ?? firstOf(nodes),
      promoted: (node) => {
        primary = node
      },
    }
    nodes = await layOut({ folder, account, login, ports: ports.ports }, surroundings)
    const [data = folder, ...copies] = nodes.map((node) => node.data)
    await initializeData({ binaries, account, reaper, data, user: login.user, password: login.password })
    await Promise.all(copies.map((copy) => copyData(account, data, copy)))
    await startNodes(nodes, login)
    if (options.synchronous === true) {
      Object.assign(settings, { synchronous_standby_names: 'ANY 1 (*)' })
      await Promise.all(nodes.map((node) => node.reload()))
      await waitForStandbys(login, nodeCount - 1, "sync_state = 'quorum'")
    }
    return new Cluster({ nodes, login, version: found.major, primary: surroundings.primary, cleanUp })
  } catch (error) {
    await Promise.allSettled(nodes.map((node) => node.dispose()))
    await cleanUp()
    throw error
  }
}

function checkedNodeCount({ nodes = 3, synchronous }: StartClusterOptions): number {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > maxNodes) {
    throw new Error(`A cluster has 1 to ${maxNodes} nodes, not ${nodes}`)
  }
  if (synchronous === true && nodes === 1) {
    throw new Error('A synchronous cluster has 2 nodes or more: with 1, no write would ever be confirmed')
  }
  return nodes
}

function loginOf(options: StartClusterOptions, { ports }: ReservedPorts): Login {
  return {
    host: loopback,
    port: ports[0] ?? 0,
    user: options.user ?? 'postgres',
    password: options.password ?? randomBytes(12).toString('base64url'),
    database: options.database ?? 'postgres',
  }
}

async function layOut(
  plan: { folder: string; account: ServerAccount; login: Login; ports: readonly number[] },
  surroundings: NodeSurroundings,
): Promise<ClusterNode[]> {
  const nodes: ClusterNode[] = []
  for (let index = 0; index * 2 < plan.ports.length; index++) {
    const [port = 0, proxyPort = 0] = plan.ports.slice(index * 2)
    const name = `node${index + 1}`
    const folder = path.join(plan.folder, name)
    await mkdir(folder)
    await giveTo(plan.account, folder)
    nodes.push(new ClusterNode({ name, folder, proxyPort, login: { ...plan.login, port } }, surroundings))
  }
  return nodes
}

async function startNodes(nodes: readonly ClusterNode[], login: Login): Promise<void> {
  const [primary, ...standbys] = nodes
  if (primary === undefined) return
  await primary.start()
  await Promise.all([createDatabase(login), ...standbys.map((node) => node.startAsStandby(primary))])
  await waitForStandbys(login, standbys.length, "state = 'streaming'")
  const ports = standbys.map((node) => node.directPort)
  await waitUntilReplayed(login, ports)
}

async function createDatabase(login: Login): Promise<void> {
  if (['postgres', 'template1'].includes(login.database)) return
  const name = `"${login.database.replaceAll('"', '""')}"`
  await queryOnce({ ...login, database: 'postgres' }, `create database ${name}`)
}

async function waitForStandbys(primary: Login, count: number, state: string): Promise<void> {
  await queryUntil<{ count: number }>(
    primary,
    {
      text: `select count(*)::int as count from pg_stat_replication where ${state}`,
      what: `Waiting for ${count} standbys with ${state}`,
      millis: streamMillis,
    },
    (row) => row?.count === count,
  )
}

function firstOf(nodes: readonly ClusterNode[]): ClusterNode {
  const [first] = nodes
  if (first === undefined) throw new Error('The cluster has no nodes yet')
  return first
}
