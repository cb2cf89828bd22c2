// Standbys that stream through a slow link: their WAL comes late, and little of it at a time.
import { reservePorts } from '../../src/testing/free-port.ts'
import type { Cluster, ClusterNode } from '../../src/testing/index.ts'
import { TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { until } from './await-event.ts'

export interface SlowLink extends AsyncDisposable {
  readonly proxy: TcpProxy
}

/** Resolves when every standby streams through it. To be closed after the cluster has stopped. */
export async function slowReplication(
  cluster: Cluster,
  { delayMillis, bytesPerSecond }: { delayMillis: number; bytesPerSecond: number },
): Promise<SlowLink> {
  const { ports, release } = await reservePorts(1)
  const port = ports[0] as number
  const { host, directPort } = cluster.primary
  const proxy = new TcpProxy({ host, port, targetPort: directPort })
  await proxy.admit()
  await Promise.all(cluster.standbys.map((node) => streamThrough(node, { directPort, port })))
  // Not before: a receiver asks for its whole segment anew, and would take minutes for it.
  await cluster.waitForReplication()
  proxy.delay(delayMillis)
  proxy.throttle(bytesPerSecond)
  return {
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy.close()
      release()
    },
  }
}

async function streamThrough(
  node: ClusterNode,
  { directPort, port }: { directPort: number; port: number },
): Promise<void> {
  const { rows } = await node.query<{ conninfo: string }>(
    "select current_setting('primary_conninfo') as conninfo",
  )
  const conninfo = String(rows[0]?.conninfo).replace(String(directPort), String(port))
  await node.query(`alter system set primary_conninfo = '${conninfo.replaceAll("'", "''")}'`)
  await node.query('select pg_reload_conf()')
  await until(async () => {
    const { rows: receivers } = await node.query(
      `select 1 from pg_stat_wal_receiver where status = 'streaming' and sender_port = ${port}`,
    )
    return receivers.length === 1 ? true : null
  }, `${node.name} to stream through the slow link`)
}
