// A connection that is gone for the client and alive for its server, with the locks of what it was doing: whoever tries again
// must not wait for them.
import net from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

let cluster: Cluster
let line: HalfDeadLine

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 })
  await cluster.primary.query('create table t (id int, n int)')
  await cluster.primary.query('insert into t values (1, 0), (2, 0)')
  line = await halfDeadLine(cluster.primary.directPort)
})
afterAll(async () => {
  line.close()
  await cluster.stop()
})

interface HalfDeadLine {
  readonly port: number
  /** Resets every connection towards the client; the server hears nothing of it. */
  cut(): void
  close(): void
}

async function halfDeadLine(target: number): Promise<HalfDeadLine> {
  const clients = new Set<net.Socket>()
  const servers = new Set<net.Socket>()
  const proxy = net.createServer((client) => {
    const server = net.connect(target, '127.0.0.1')
    clients.add(client)
    servers.add(server)
    client.pipe(server, { end: false })
    server.pipe(client)
    for (const socket of [client, server]) socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as net.AddressInfo).port,
    cut: () => {
      for (const client of clients) client.resetAndDestroy()
      clients.clear()
    },
    close: () => {
      for (const socket of [...clients, ...servers]) socket.destroy()
      proxy.close()
    },
  }
}

function open(): ReturnType<typeof disposablePool> {
  const { user, password, database } = cluster
  const connectionString = `postgres://${user}:${password}@127.0.0.1:${line.port}/${database}?targetServerType=primary`
  return disposablePool({ connectionString, commitOutcome: 'certain' })
}

async function untilHeld(where: string): Promise<void> {
  await until(async () => {
    const { rowCount } = await cluster.primary.query(`select 1 from pg_stat_activity where ${where}`)
    return rowCount === 1 ? true : null
  }, `a session with ${where}`)
}

async function counted(id: number): Promise<number | undefined> {
  return (await cluster.primary.query<{ n: number }>('select n from t where id = $1', [id])).rows[0]?.n
}

test('a write whose commit was held back is applied once, at once', async () => {
  await using pool = open()
  const text = 'update t set n = n + 1 from pg_sleep(0.5) where id = 1'
  const write = pool.query(text)
  await untilHeld(`query = '${text}' and state = 'active'`)
  line.cut()
  expect((await write).rowCount).toBe(1)
  expect(await counted(1)).toBe(1)
})

test('a transaction runs again, and finds nobody in its way', async () => {
  await using pool = open()
  await pool.transaction(async (tx) => {
    await tx.query('update t set n = n + 1 where id = 2')
    if (tx.attempt > 1) return
    line.cut()
    await tx.query('select 1')
  })
  expect(await counted(2)).toBe(1)
})
