// A cluster with a PgBouncer in front of each server. Owns both.
import type { ClientConfig } from 'pg'
import { type Cluster, type StartClusterOptions, startCluster } from '../../src/testing/index.ts'
import { PgBouncer, type PoolMode, type Settings } from './pgbouncer.ts'

export interface PooledCluster {
  readonly cluster: Cluster
  /** In the order of the cluster's nodes. */
  readonly bouncers: readonly PgBouncer[]
  /** Every PgBouncer. */
  readonly url: string
  /** Through the PgBouncer of the server with this direct port. */
  login(serverPort: number): ClientConfig
  stop(): Promise<void>
}

export async function startPooledCluster({
  mode,
  settings,
  ...options
}: StartClusterOptions & { mode: PoolMode; settings?: Settings }): Promise<PooledCluster> {
  const cluster = await startCluster(options)
  const opened = await Promise.allSettled(
    cluster.nodes.map((node) => PgBouncer.open(cluster, node, { mode, ...(settings && { settings }) })),
  )
  const bouncers = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(bouncers.map((bouncer) => bouncer[Symbol.asyncDispose]()))
    await cluster.stop()
  }
  const failed = opened.find((each) => each.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const { user, password, database } = cluster
  const host = '127.0.0.1'
  const list = bouncers.map(({ port }) => `${host}:${port}`).join(',')
  return {
    cluster,
    bouncers,
    url: `postgres://${user}:${password}@${list}/${database}`,
    login: (serverPort) => {
      const port = bouncers[cluster.nodes.findIndex((node) => node.directPort === serverPort)]?.port
      if (port === undefined) throw new Error(`No server listens on ${serverPort}`)
      return { host, port, user, password, database }
    },
    stop,
  }
}
