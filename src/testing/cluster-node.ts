// One node of a cluster: a server, its proxy, and the verbs that hurt and heal it. Knows its peers only through what
// the cluster lends it.

import { existsSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import { takeBaseBackup } from './base-backup.ts'
import { clusterUrl } from './cluster-url.ts'
import { conninfo, emptyData, isMarkedAsStandby, markAsStandby, writeSettings } from './data-folder.ts'
import type { Login } from './direct-query.ts'
import { queryOnce, queryUntil } from './direct-query.ts'
import type { StopMode } from './postgres-process.ts'
import { PostgresProcess } from './postgres-process.ts'
import type { Reaper } from './reaper.ts'
import { letCatchUp, waitUntilLeft } from './replay.ts'
import type { RunnableBinaries } from './runnable-binaries.ts'
import type { ServerAccount } from './server-account.ts'
import { type Direction, TcpProxy } from './tcp-proxy.ts'

export type NodeState = 'running' | 'paused' | 'stopped'

/** What nodes of one cluster share. */
export interface NodeSurroundings {
  readonly binaries: RunnableBinaries
  readonly account: ServerAccount
  readonly reaper: Reaper
  /** Of every node alike, read at each start and reload. */
  settings(): Readonly<Record<string, string>>
  primary(): ClusterNode
  nodes(): readonly ClusterNode[]
  promoted(node: ClusterNode): void
}

export interface NodePlace {
  readonly name: string
  readonly folder: string
  readonly proxyPort: number
  readonly login: Login
}

const promoteMillis = 30_000
const streamMillis = 30_000

export class ClusterNode {
  readonly name: string
  readonly host: string
  /** Of the proxy: what clients under test use. */
  readonly port: number
  /** Of the server itself: what replication and `query` use, so faults of the proxy cut clients only. */
  readonly directPort: number
  readonly url: string
  readonly directUrl: string
  readonly logFile: string
  /** Its data folder. */
  readonly data: string
  readonly #login: Login
  readonly #proxy: TcpProxy
  readonly #surroundings: NodeSurroundings
  #process: PostgresProcess | undefined
  #isPaused = false
  #upstreamPort: number | undefined

  constructor(place: NodePlace, surroundings: NodeSurroundings) {
    this.name = place.name
    this.host = place.login.host
    this.port = place.proxyPort
    this.directPort = place.login.port
    this.url = clusterUrl(place.login, [this.port])
    this.directUrl = clusterUrl(place.login, [this.directPort])
    this.logFile = path.join(place.folder, 'server.log')
    this.data = path.join(place.folder, 'data')
    this.#login = place.login
    this.#proxy = new TcpProxy({ host: this.host, port: this.port, targetPort: this.directPort })
    this.#surroundings = surroundings
  }

  get state(): NodeState {
    if (this.#process === undefined) return 'stopped'
    return this.#isPaused ? 'paused' : 'running'
  }

  /** What it is by its data, running or not: a standby until promoted, a primary until it rejoins. */
  get role(): 'primary' | 'standby' {
    return isMarkedAsStandby(this.data) ? 'standby' : 'primary'
  }

  /** The postmaster's, while it lives. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Starts the server with its data as it is: an old primary comes back as a second writable primary. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return
    await this.#writeSettings()
    let hasExited = false
    const server = await PostgresProcess.start({
      name: this.name,
      postgres: this.#surroundings.binaries.postgres,
      data: this.data,
      logFile: this.logFile,
      account: this.#surroundings.account,
      reaper: this.#surroundings.reaper,
      onListening: () => this.#proxy.admit(),
      onExit: () => {
        hasExited = true
        this.#process = undefined
        this.#isPaused = false
        this.#proxy.refuse().catch(() => {})
      },
    })
    if (hasExited) throw new Error(`${this.name} ended right after its start; see ${this.logFile}`)
    this.#process = server
  }

  /** Shuts the server down, fast by default. A paused one is resumed, for it could not hear of it. */
  async stop(options: { mode?: StopMode } = {}): Promise<void> {
    await this.resume()
    await this.#process?.stop(options.mode ?? 'fast')
  }

  /** A crash: SIGKILL to the server and all its children. Resolves when they are gone and the port refuses. */
  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  /** Freezes the server and all its children (SIGSTOP): connections stay open and hang, new ones are never answered. */
  async pause(): Promise<void> {
    if (process.platform === 'win32') throw new Error('Windows cannot pause a process; use blackhole()')
    if (this.#process === undefined) throw new Error(`${this.name} is stopped and cannot be paused`)
    this.#isPaused = true
    this.#process.freeze()
  }

  async resume(): Promise<void> {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#process?.thaw()
  }

  /**
   * Makes a standby the primary; resolves when it takes writes. As a cluster manager would do, running standbys are
   * pointed at it first, unless `repoint` is false: none of them can then receive from the old primary what this one has
   * not, and be unable to follow. Nodes that are down or paused stay as they are.
   */
  async promote(options: { repoint?: boolean } = {}): Promise<void> {
    if (this.state !== 'running') throw new Error(`${this.name} is ${this.state} and cannot be promoted`)
    if (options.repoint !== false) {
      const others = this.#surroundings.nodes().filter((node) => node !== this)
      const moved = others.filter((node) => node.state === 'running' && node.role === 'standby')
      await Promise.all(moved.map((node) => node.#moveTo(this)))
      await letCatchUp(this.#login, moved)
    }
    // Waited for by a quick poll: pg_promote's own wait looks only every 100 ms.
    await this.query('select case when pg_is_in_recovery() then pg_promote(false) end')
    await queryUntil<{ in_recovery: boolean }>(
      this.#login,
      {
        text: 'select pg_is_in_recovery() as in_recovery',
        what: `Promoting ${this.name}`,
        millis: promoteMillis,
      },
      (row) => row?.in_recovery === false,
    )
    this.#surroundings.promoted(this)
  }

  /** Points this running standby at another node; resolves when it streams from there. */
  async follow(upstream: ClusterNode): Promise<void> {
    if (this.state !== 'running') throw new Error(`${this.name} is ${this.state} and cannot follow`)
    if (this.role !== 'standby') {
      throw new Error(`${this.name} is no standby and cannot follow ${upstream.name}; use rejoin()`)
    }
    await this.#repoint(upstream)
    await this.waitUntilStreaming()
  }

  /**
   * Throws this node's data away, clones the primary's anew and starts as its standby; resolves when it streams. Another
   * primary given as `from` is the cluster's again, as where a manager goes back to the one of before.
   */
  async rejoin({ from: primary = this.#surroundings.primary() }: { from?: ClusterNode } = {}): Promise<void> {
    if (primary === this) throw new Error(`${this.name} is the primary itself and cannot rejoin`)
    await this.kill()
    await emptyData(this.data)
    await takeBaseBackup({
      from: primary.#login,
      major: this.#surroundings.binaries.major,
      account: this.#surroundings.account,
      data: this.data,
    })
    await this.startAsStandby(primary)
    await this.waitUntilStreaming()
    if (primary.role === 'primary') this.#surroundings.promoted(primary)
  }

  /** Starts on data that is a copy of the upstream's. */
  async startAsStandby(upstream: ClusterNode): Promise<void> {
    await markAsStandby(this.data)
    this.#upstreamPort = upstream.directPort
    await this.start()
  }

  async waitUntilStreaming(): Promise<void> {
    await queryUntil(
      this.#login,
      {
        text: "select 1 from pg_stat_wal_receiver where status = 'streaming' and sender_port = $1",
        values: [this.#upstreamPort],
        what: `Streaming to ${this.name}`,
        millis: streamMillis,
      },
      (row) => row !== undefined,
    )
  }

  /** Silence between clients and this node, both ways by default; new connections are mute. Replication goes on. */
  async blackhole(direction: Direction = 'both'): Promise<void> {
    await this.#proxy.blackhole(direction)
  }

  /** Ends the silence; the bytes kept back flow, as TCP would send them again. */
  async heal(): Promise<void> {
    await this.#proxy.heal()
  }

  /** Latency added to each direction between clients and this node, in ms; 0 for none. */
  async delay(millis: number): Promise<void> {
    this.#proxy.delay(millis)
  }

  /** Resets (RST) every client connection to this node. */
  async reset(): Promise<void> {
    this.#proxy.reset()
  }

  /** One statement on this node itself, past the proxy, over a connection of its own; rejects after 10 s. */
  async query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    return queryOnce<Row>(this.#login, text, values)
  }

  /** Lets a running server read the cluster's settings anew. */
  async reload(): Promise<void> {
    await this.#writeSettings()
    this.#process?.reload()
  }

  /** Ends the server and the proxy for good. */
  async dispose(): Promise<void> {
    try {
      await this.kill()
    } finally {
      await this.#proxy.close()
    }
  }

  /** Points a running standby at another node; resolves when it receives from nobody else. */
  async #moveTo(upstream: ClusterNode): Promise<void> {
    await this.#repoint(upstream)
    await waitUntilLeft(this.#login, upstream.directPort)
  }

  async #repoint(upstream: ClusterNode): Promise<void> {
    this.#upstreamPort = upstream.directPort
    await this.reload()
    // Before 13 a server reads its upstream only at start.
    if (this.#surroundings.binaries.major >= 13) return
    await this.stop()
    await this.start()
  }

  async #writeSettings(): Promise<void> {
    // Say so, instead of ENOENT.
    if (!existsSync(this.data)) throw new Error(`${this.name} has no data any more: its cluster was stopped`)
    const { host, user, password } = this.#login
    const upstream =
      this.#upstreamPort === undefined
        ? {}
        : {
            primary_conninfo: conninfo({
              host,
              port: String(this.#upstreamPort),
              user,
              password,
              application_name: this.name,
              sslmode: 'disable',
              connect_timeout: '2',
            }),
          }
    await writeSettings(this.data, {
      ...this.#surroundings.settings(),
      listen_addresses: host,
      port: String(this.directPort),
      ...upstream,
    })
  }
}
