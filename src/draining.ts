// `pool.drain`: takes a node out of service in time for a planned switchover, and says when it is free.
import { ConfigError, DrainTimeoutError } from './errors.ts'
import type { Coordinator } from './monitoring/coordinator.ts'
import type { PoolSet } from './pooling/pool-set.ts'
import { checkMillis, isInTime } from './time-limit.ts'
import type { NodeView } from './topology/node-view.ts'

export interface DrainOptions {
  /** How long what is under way may take to finish, in ms. Default: 10000. */
  readonly timeoutMillis?: number | undefined
  /**
   * How long the node gets no new work though nothing has happened to it, in ms: a switchover that was called off then costs
   * a pause and no errors. Default: half of `failoverTimeoutMillis`.
   */
  readonly holdMillis?: number | undefined
}

export interface DrainParts {
  /** Null: one host without a monitor, which has nowhere else to go. */
  readonly coordinator: Coordinator | null
  readonly pools: PoolSet
  readonly failoverTimeoutMillis: number
}

const TIMEOUT_MILLIS = 10_000

/** Resolves when no connection to the node is in use any more. */
export async function drainNode(parts: DrainParts, name: string, options: DrainOptions = {}): Promise<void> {
  const { coordinator, pools, failoverTimeoutMillis } = parts
  const { timeoutMillis = TIMEOUT_MILLIS, holdMillis = failoverTimeoutMillis / 2 } = options
  checkMillis({ timeoutMillis, holdMillis })
  const nodes = nodesNamed(coordinator, name)
  for (const node of nodes) coordinator?.drain(node, holdMillis)
  const left = Promise.all(nodes.map((node) => pools.left(node.name)))
  if (await isInTime(left, timeoutMillis)) return
  const inUse = nodes.reduce((sum, node) => sum + pools.inUseCount(node.name), 0)
  throw new DrainTimeoutError({ node: name, inUse, timeoutMillis })
}

export function undrainNode({ coordinator }: DrainParts, name: string): void {
  for (const node of nodesNamed(coordinator, name)) coordinator?.undrain(node.name)
}

/** A node by its own name, or all addresses of an entry of the host list. */
function nodesNamed(coordinator: Coordinator | null, name: string): readonly NodeView[] {
  coordinator?.start()
  const nodes = coordinator?.state.view.nodes ?? []
  const named = nodes.filter((node) => node.name === name || node.entry === name)
  if (named.length > 0) return named
  const known =
    coordinator === null ? 'a pool of one host has no other' : nodes.map((node) => node.name).join(', ')
  throw new ConfigError([{ option: 'node', message: `There is no node ${name} to drain (${known})` }])
}
