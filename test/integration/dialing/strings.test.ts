// Connection strings as people paste them, on a real cluster: the URLs of pgjdbc and libpq for several hosts, keyword=value, a
// service file and a password file.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pool, PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

let cluster: Cluster
let folder: string

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  folder = await mkdtemp(path.join(tmpdir(), 'pg-ha-strings-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await cluster.stop()
})

function list(nodes = cluster.nodes): string {
  return nodes.map(({ host, port }) => `${host}:${port}`).join(',')
}

function jdbc(query: string): string {
  const { user, password, database } = cluster
  const login = `user=${encodeURIComponent(user)}&password=${encodeURIComponent(password)}`
  return `jdbc:postgresql://${list()}/${database}?${login}&${query}`
}

function libpq(query: string): string {
  const { user, password, database } = cluster
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${list()}/${database}?${query}`
}

function open(options: PoolOptions): Pool & AsyncDisposable {
  return disposablePool({ startupGraceMillis: 10_000, ...options })
}

/** The direct ports of the servers that answer many queries. */
async function answering(pool: Pool): Promise<ReadonlySet<number>> {
  // The first decision waits for every node.
  await pool.query('select 1')
  const asked = Array.from({ length: 60 }, () =>
    pool.query<{ port: number }>('select inet_server_port() as port'),
  )
  return new Set((await Promise.all(asked)).map(({ rows }) => rows[0]?.port ?? 0))
}

const ports = (nodes: readonly ClusterNode[]): ReadonlySet<number> =>
  new Set(nodes.map((node) => node.directPort))

describe('several hosts in a URL', () => {
  test.each([
    ['pgjdbc', () => jdbc('targetServerType=primary')],
    ['libpq', () => libpq('target_session_attrs=read-write')],
  ])('of %s: the primary, and after a failover the new one', async (_, url) => {
    const old = cluster.primary
    await using pool = open({ connectionString: url() })
    expect(await answering(pool)).toEqual(ports([old]))
    await old.kill()
    const next = await cluster.mostAdvancedStandby()
    await next.promote()
    expect(await answering(pool)).toEqual(ports([next]))
    await old.rejoin()
    await untilCluster(pool, ({ nodes }) =>
      nodes.every(({ state }) => ['primary', 'standby'].includes(state)),
    )
    expect(await answering(pool)).toEqual(ports([next]))
  })

  test('preferSecondary, balanced: the standbys, and the primary without them', async () => {
    const standbys = cluster.standbys
    await using pool = open({
      connectionString: jdbc('targetServerType=preferSecondary&loadBalanceHosts=true'),
    })
    expect(await answering(pool)).toEqual(ports(standbys))
    for (const standby of standbys) await standby.stop()
    await untilCluster(pool, ({ nodes }) => nodes.filter(({ state }) => state === 'standby').length === 0)
    expect(await answering(pool)).toEqual(ports([cluster.primary]))
    for (const standby of standbys) await standby.start()
    await untilCluster(pool, ({ nodes }) => nodes.filter(({ state }) => state === 'standby').length === 2)
    expect(await answering(pool)).toEqual(ports(standbys))
  })

  test.each([
    ['pgjdbc', () => jdbc('targetServerType=any&loadBalanceHosts=true')],
    ['libpq', () => libpq('target_session_attrs=any&load_balance_hosts=random')],
  ])('of %s: any, balanced, uses every node', async (_, url) => {
    await using pool = open({ connectionString: url() })
    expect(await answering(pool)).toEqual(ports(cluster.nodes))
  })

  test('any, in order: the first that is up', async () => {
    await using pool = open({ connectionString: libpq('target_session_attrs=any') })
    expect((await answering(pool)).size).toBe(1)
  })
})

describe('other sources', () => {
  test('a keyword=value string', async () => {
    const { user, password, database } = cluster
    const connectionString = `host=${cluster.nodes.map(({ host }) => host)} port=${cluster.nodes.map(({ port }) => port)} user=${user} password='${password}' dbname=${database} target_session_attrs=standby`
    await using pool = open({ connectionString })
    for (const port of await answering(pool)) expect(ports(cluster.standbys)).toContain(port)
  })

  test('a service file and a password file: each host has its own line', async () => {
    const { user, password, database } = cluster
    const [passfile, service] = [path.join(folder, 'pgpass'), path.join(folder, 'services')]
    const [first, ...others] = cluster.nodes
    const lines = others.map(({ host, port }) => `${host}:${port}:${database}:${user}:${password}`)
    const right = `${first?.host}:${first?.port}:*:*:${password}`
    await writeFile(passfile, ['# who may log in', ...lines, right, '*:*:*:*:wrong'].join('\n'), {
      mode: 0o600,
    })
    const hosts = `host=${cluster.nodes.map(({ host }) => host)}\nport=${cluster.nodes.map(({ port }) => port)}`
    await writeFile(service, `[orders]\n${hosts}\nuser=${user}\ndbname=${database}\npassfile=${passfile}\n`)
    const given = process.env.PGSERVICEFILE
    process.env.PGSERVICEFILE = service
    try {
      await using pool = open({ service: 'orders', targetServerType: 'any', loadBalanceHosts: true })
      expect(await answering(pool)).toEqual(ports(cluster.nodes))
    } finally {
      if (given === undefined) delete process.env.PGSERVICEFILE
      else process.env.PGSERVICEFILE = given
    }
  })

  test('a password file that others may read is not used, and that is said', async () => {
    const { user, password, database } = cluster
    const passfile = path.join(folder, 'open-to-all')
    await writeFile(passfile, `*:*:*:*:${password}`)
    await chmod(passfile, 0o644)
    const said = new Promise<Error>((resolve) => process.once('warning', resolve))
    await using pool = open({
      host: cluster.primary.host,
      port: cluster.primary.port,
      user,
      database,
      passfile,
    })
    await expect(pool.query('select 1')).rejects.toThrow('password')
    expect(await said).toMatchObject({
      code: 'PGHA_NOTICE',
      message: `password file "${passfile}" has group or world access; permissions should be u=rw (0600) or less`,
    })
  })

  test('what has no effect is said once', async () => {
    const said: string[] = []
    const listen = (warning: Error): void => {
      said.push(warning.message)
    }
    process.on('warning', listen)
    for (let i = 0; i < 2; i++) await open({ connectionString: jdbc('prepareThreshold=0') }).end()
    await new Promise<void>((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect(said.filter((text) => text.startsWith('prepareThreshold'))).toEqual([
      'prepareThreshold has no effect: pg prepares, fetches and batches statements as each query says',
    ])
  })
})
