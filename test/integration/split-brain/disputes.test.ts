// Disputes between real servers: what notices them early, what ends them, and what the holders of connections are told.
import { once } from 'node:events'
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { nextEvent, until, untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { TestAuthority } from '../../support/test-authority.ts'
import { rejection } from '../../support/workload.ts'
import { nodeName } from './clients.ts'

const PASSWORD = 'secret'
// A look may take its time on a busy machine: nothing here is about silence.
const PATIENT = { probeTimeoutMillis: 20_000 }
const LOOKER = { monitorUser: 'looker', monitorPassword: PASSWORD, ...PATIENT }
const PLAIN = { monitorUser: 'plain', monitorPassword: PASSWORD, ...PATIENT }
/** By followers alone, once they have stayed for the settling time. */
const IN_TIME = ['settling', 'settledFollowers']

test('a promotion beside a living primary: seen by a role that changes, told by histories and votes, decided by the manager', async () => {
  await using cluster = await started()
  const [old, next, other] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]
  await using agent = await PatroniAgent.start(next)
  const connectionString = cluster.url
  // So long a pause that only the server's own word can end it.
  await using told = disposablePool({
    ...{ connectionString, probeIntervalMillis: 60_000, hostRecheckSeconds: 60, ...PATIENT },
  })
  await using pool = disposablePool({ connectionString, ...LOOKER })
  await using plain = disposablePool({ connectionString, ...PLAIN })
  await using managed = disposablePool({
    connectionString,
    ...PATIENT,
    patroni: agent.access('the password'),
  })
  await using refused = disposablePool({
    connectionString,
    ...PATIENT,
    patroni: agent.access('another password'),
  })
  for (const each of [told, pool, plain, managed, refused]) await each.query('select 1')
  const reader = await readerOf(told, next)
  const work = await underWay(pool)

  const splits = [told, pool].map((each) => nextEvent(each, 'splitBrain'))
  const isNamed = untilCluster(managed, ({ primary }) => primary === nodeName(next))
  await next.promote({ repoint: false })
  agent.leader = nodeName(next)
  await until(() => reader.query('select 1').then(() => told.cluster.verdict.evidence[1] ?? null), 'a look')
  await Promise.all(splits)
  reader.release()
  expect(await work.outcomes()).toEqual({ idle: 'none', open: 'transaction', busy: 'statement' })
  expect(pool.counters).toEqual({ writesRefused: 0, connectionsFenced: 3 })

  expect((await isNamed).verdict).toMatchObject({ rule: 'manager', managerNames: nodeName(next) })
  const { verdict } = await untilCluster(pool, (seen) =>
    seen.verdict.evidence.some(({ timeline, history }) => timeline === 2 && history !== null),
  )
  expect(verdict.evidence.find(({ node }) => node === nodeName(old))).toMatchObject({ timeline: 1, votes: 1 })
  expect(verdict.standbys).toEqual([{ node: nodeName(other), follows: nodeName(old), timeline: 1 }])
  expect(verdict.explain()).toContain(`${nodeName(other)} follows ${nodeName(old)}`)
  for (const each of [plain, refused]) {
    const unseen = (await untilCluster(each, (seen) => IN_TIME.includes(seen.verdict.rule))).verdict
    expect(unseen.managerNames).toBe(null)
  }
  expect(plain.cluster.verdict.evidence.map(({ votes, history }) => [votes, history])).toContainEqual([
    0,
    null,
  ])
})

test('a clone restored to an earlier point is told by its history: it stops nothing, where that may be read', async () => {
  await using cluster = await started()
  const [old, next, clone] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]
  await clone.stop()
  await old.query('create table later (key text)')
  await until(
    async () => (await next.query(`select 1 from pg_class where relname = 'later'`)).rows[0] ?? null,
    'replay',
  )
  await old.kill()
  await next.promote()
  await old.rejoin()
  const connectionString = cluster.url
  await using pool = disposablePool({ connectionString, ...LOOKER })
  await using plain = disposablePool({ connectionString, ...PLAIN })
  for (const each of [pool, plain]) await each.query('select 1')

  const rules: string[] = []
  pool.on('primaryChange', () => rules.push(pool.cluster.verdict.rule))
  pool.on('splitBrain', ({ verdict }) => rules.push(verdict.rule))
  await restoreAsClone(clone, next)
  const hasLost = ({ verdict }: Pool['cluster']): boolean => verdict.stale.includes(nodeName(clone))
  await untilCluster(pool, hasLost)
  expect(rules).toContain('followers')
  expect(rules).not.toContain('settledFollowers')
  const { verdict } = pool.cluster
  expect(verdict).toMatchObject({ kind: 'primary', node: nodeName(next) })
  expect(verdict.evidence.map(({ timeline }) => timeline)).toEqual([2, 3])
  expect(verdict.evidence.map(({ history }) => history?.switches.length)).toEqual([1, 1])
  await pool.query(`insert into later values ('goes on')`)
  // Without the histories it is a newer timeline like any other: the followers have to stay for a while.
  await untilCluster(plain, (seen) => IN_TIME.includes(seen.verdict.rule))
})

async function started(): Promise<Cluster> {
  const cluster = await startCluster({ nodes: 3 })
  const roles = { plain: 'login', looker: 'login replication in role pg_monitor' }
  for (const [role, rights] of Object.entries(roles)) {
    await cluster.primary.query(`create role ${role} ${rights} password '${PASSWORD}'`)
  }
  await cluster.primary.query('create table cut (key text)')
  await cluster.waitForReplication()
  return cluster
}

/** A connection at rest on that standby. */
async function readerOf(pool: Pool, node: ClusterNode) {
  return until(async () => {
    const reader = await pool.read.connect()
    const { rows } = await reader.query<{ port: number }>('select inet_server_port() as port')
    if (rows[0]?.port === node.directPort) return reader
    reader.release(true)
    return null
  }, 'a connection to it')
}

/** Three connections in use, and what their holders are told of what was under way on them. */
async function underWay(pool: Pool) {
  const [idle, open, busy] = [await pool.connect(), await pool.connect(), await pool.connect()]
  await open.query('begin')
  await open.query(`insert into cut values ('open')`)
  const statement = rejection(busy.query('select pg_sleep(60)'))
  return {
    async outcomes() {
      const errors = {
        busy: await statement,
        open: await rejection(open.query('commit')),
        idle: await rejection(idle.query('select 1')),
      }
      for (const client of [idle, open, busy]) client.release()
      return Object.fromEntries(
        Object.entries(errors).map(([name, error]) => [
          name,
          (error as { work?: string }).work ?? error.message,
        ]),
      )
    },
  }
}

/** From the data of a standby that was stopped: recovered to where they end, on a timeline of its own, as if from an archive. */
async function restoreAsClone(clone: ClusterNode, primary: ClusterNode): Promise<void> {
  const content = `select pg_read_file('pg_wal/00000002.history') as content`
  const { rows } = await primary.query<{ content: string }>(content)
  await writeFile(path.join(clone.data, 'pg_wal', '00000002.history'), rows[0]?.content ?? '', {
    mode: 0o644,
  })
  await rm(path.join(clone.data, 'standby.signal'))
  await writeFile(path.join(clone.data, 'recovery.signal'), '', { mode: 0o644 })
  const settings = `restore_command = 'false'\nrecovery_target_timeline = 'current'\n`
  await appendFile(path.join(clone.data, 'postgresql.auto.conf'), settings)
  await clone.start()
  const recovered = 'select 1 where not pg_is_in_recovery()'
  await until(async () => (await clone.query(recovered)).rows[0] ?? null, 'its recovery to end')
}

/** Answers as Patroni does, over https, to who has the password. */
class PatroniAgent {
  leader: string
  readonly #server: Server
  readonly #ca: string

  private constructor(leader: string, server: Server, ca: string) {
    this.leader = leader
    this.#server = server
    this.#ca = ca
  }

  static async start(node: ClusterNode): Promise<PatroniAgent> {
    const authority = await TestAuthority.make()
    const { certificate: cert, key } = await authority.issue({ name: 'patroni', ip: ['127.0.0.1'] })
    const server = createServer({ cert, key })
    // Nobody holds the lock until it is said.
    const agent = new PatroniAgent('', server, authority.certificate)
    const expected = `Basic ${Buffer.from('pg-ha:the password').toString('base64')}`
    server.on('request', ({ url, headers }, response) => {
      if (headers.authorization !== expected) response.writeHead(401).end()
      else if (url === '/cluster') response.end(JSON.stringify({ members: agent.#members(node) }))
      else response.writeHead(503).end(JSON.stringify({ patroni: { name: node.name } }))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return agent
  }

  access(password: string) {
    const { port } = this.#server.address() as AddressInfo
    return { urls: [`https://127.0.0.1:${port}`], username: 'pg-ha', password, ca: this.#ca }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await once(this.#server.close(), 'close')
  }

  #members({ host, port, name }: ClusterNode) {
    const role = this.leader === `${host}:${port}` ? 'leader' : 'replica'
    return [{ name, host, port, role, state: 'running', timeline: 2 }]
  }
}
