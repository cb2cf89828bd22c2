// The running cluster: its nodes, who is primary by the book, and its end. Knows nothing of how it was built.

import type { ClusterNode } from './cluster-node.ts'
import { clusterUrl } from './cluster-url.ts'
import type { Login } from './direct-query.ts'
import { mostAdvanced, waitUntilReplayed } from './replay.ts'

export interface ClusterParts {
  readonly nodes: readonly ClusterNode[]
  readonly login: Login
  readonly version: number
  /** The node last made primary. */
  primary(): ClusterNode
  /** Removes what is left once all nodes are disposed of. */
  cleanUp(): Promise<void>
}

export class Cluster {
  readonly nodes: readonly ClusterNode[]
  /** PostgreSQL's major version. */
  readonly version: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Every node, through its proxy. */
  readonly url: string
  /** Every node, past its proxy: for measuring, not for faults. */
  readonly directUrl: string
  readonly #parts: ClusterParts
  #stopped: Promise<void> | undefined

  constructor(parts: ClusterParts) {
    this.#parts = parts
    this.nodes = parts.nodes
    this.version = parts.version
    this.user = parts.login.user
    this.password = parts.login.password
    this.database = parts.login.database
    this.url = clusterUrl(
      parts.login,
      parts.nodes.map((node) => node.port),
    )
    this.directUrl = clusterUrl(
      parts.login,
      parts.nodes.map((node) => node.directPort),
    )
  }

  /** The node last made primary: the first one, then whichever was promoted last. It may be down. */
  get primary(): ClusterNode {
    return this.#parts.primary()
  }

  /** The nodes that are standbys by their data, running or not; an old primary is none until it rejoins. */
  get standbys(): readonly ClusterNode[] {
    return this.nodes.filter((node) => node.role === 'standby')
  }

  /**
   * The running standby that has received most: the one to promote. With replication synchronous to any one standby,
   * another may lack what was acknowledged.
   */
  async mostAdvancedStandby(): Promise<ClusterNode> {
    const running = this.standbys.filter((node) => node.state === 'running')
    return mostAdvanced(running)
  }

  /** Resolves when every running standby has replayed all that the primary has written by now. */
  async waitForReplication(): Promise<void> {
    const running = this.standbys.filter((node) => node.state === 'running')
    await waitUntilReplayed(
      { ...this.#parts.login, port: this.primary.directPort },
      running.map((node) => node.directPort),
    )
  }

  /** Kills all servers and removes all files; may be called more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(): Promise<void> {
    const ends = await Promise.allSettled(this.nodes.map((node) => node.dispose()))
    await this.#parts.cleanUp()
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }
}
