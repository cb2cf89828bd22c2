// Each row of the table of errors, brought about with real servers and proxies and read by the table.
import { once } from 'node:events'
import net from 'node:net'
import pg, { type ClientConfig } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { classifyError } from '../../../src/failover/classify-error.ts'
import { ERROR_ROWS } from '../../../src/failover/error-table.ts'
import { PoolFullError } from '../../../src/index.ts'
import { genericPool } from '../../../src/pooling/engines/generic-pool.ts'
import { reservePorts } from '../../../src/testing/free-port.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { errorLabel } from '../../support/error-document.ts'
import { hasPgBouncer, startPgBouncer } from '../../support/pg-bouncer.ts'
import { rejection } from '../../support/workload.ts'

/** Not brought about here, with the reason. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'FATAL `57P02`': 'PostgreSQL says it in a notice, as the test of a crash shows',
  '`EHOSTUNREACH`': 'needs a network that answers so',
  '`ENETUNREACH`': 'needs a machine without a way',
  '`EHOSTDOWN`': 'needs a neighbour that answers no ARP',
  '`EADDRNOTAVAIL`': 'needs a machine without a free port',
  '`ECONNABORTED`': 'needs `ss -K`, and root',
  '`ETIMEDOUT`': 'takes the system two minutes; as a deadline it is in test/integration/dialing',
  'FATAL `40001`':
    'needs a standby that gives up a session which holds what is to be replayed away while it is idle',
  'ERROR `57014`, with a detail': 'in test/integration/routing/conflicts.test.ts',
  '`PGHA_STALE_PRIMARY`': 'in test/integration/failover/dual-primary.test.ts',
  '`PGHA_INSECURE`': 'in test/integration/dialing/tls.test.ts',
  '`PGHA_CONNECTION_LOST`': 'in test/integration/failover/silence.test.ts',
}

/** PgBouncer's word for it, each with a row in test/spec/failover/classify.yaml. */
const SPEC_ONLY: ReadonlySet<string> = new Set(
  ERROR_ROWS.filter(({ by, of }) => by === 'pooler' && of !== 'unsupported startup parameter').map(
    errorLabel,
  ),
)

const seen = new Set<string>()
let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  await cluster.primary.query(`create table t (id int primary key);
    create role nologin_role nologin; create role few login password 'x' connection limit 0`)
  await cluster.waitForReplication()
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
})

/** The label of the row that the error is read by. */
function rowOf(error: unknown): string {
  const label = errorLabel(classifyError(error))
  seen.add(label)
  return label
}

function client(config: ClientConfig & { url?: string } = {}): pg.Client {
  const { url = cluster.primary.url, ...rest } = config
  const made = new pg.Client({ connectionString: url, ...rest })
  made.on('error', () => {})
  return made
}

async function connected(config: Parameters<typeof client>[0] = {}): Promise<pg.Client> {
  const made = client(config)
  await made.connect()
  return made
}

/** What a connect of these parameters meets. */
async function refused(config: Parameters<typeof client>[0]): Promise<unknown> {
  const made = client(config)
  const error = await rejection(made.connect())
  await made.end().catch(() => {})
  return error
}

function on(name: string, value: string): string {
  const url = new URL(cluster.primary.url)
  Object.assign(url, { [name]: value })
  return url.href
}

test.each([
  ['FATAL `28…`', () => on('password', 'wrong')],
  ['FATAL `28…`', () => on('username', 'nologin_role')],
  ['FATAL `3D000`', () => on('pathname', '/nowhere')],
  ['`ENOENT`', () => 'postgres:///app?host=/nowhere/at/all'],
])('%s, of a server that refuses the session', async (label, url) => {
  expect(rowOf(await refused({ url: url() }))).toBe(label)
})

test('FATAL `53300`, of a role that has no connection left', async () => {
  const url = new URL(on('username', 'few'))
  url.password = 'x'
  expect(rowOf(await refused({ url: url.href }))).toBe('FATAL `53300`')
})

test('a name that leads nowhere', async () => {
  const label = rowOf(await refused({ url: 'postgres://no-such-host.invalid/app' }))
  expect(['`ENOTFOUND`', '`EAI_AGAIN`']).toContain(label)
  seen.add('`ENOTFOUND`').add('`EAI_AGAIN`')
})

test('FATAL `57P01`: a session that was ended', async () => {
  const ended = await connected()
  const error = rejection(ended.query('select pg_terminate_backend(pg_backend_pid())'))
  expect(rowOf(await error)).toBe('FATAL `57P01`')
})

test('FATAL, any other: a session that was idle for too long', async () => {
  const idle = await connected()
  const failed = once(idle, 'error')
  await idle.query(`begin; set idle_in_transaction_session_timeout = 10`)
  const [error] = await failed
  expect(rowOf(error)).toBe('FATAL, any other')
})

test.each([
  ['ERROR `25006`', 'begin read only; insert into t values (1)', undefined],
  ['ERROR, any other', 'insert into t values (1), (1)', undefined],
  ['ERROR, any other', 'select $1::int', [1, 2]],
  ['ERROR, any other', `do $$ begin raise exception 'no' using errcode = '57P01'; end $$`, undefined],
  ['ERROR, any other', `do $$ begin raise exception 'no' using errcode = '08006'; end $$`, undefined],
])('%s: %s', async (label, text, values) => {
  const asked = await connected()
  const error = await rejection(values === undefined ? asked.query(text) : asked.query(text, values))
  expect(rowOf(error)).toBe(label)
  await asked.query('rollback')
  await asked.end()
})

test('ERROR `40001`, ERROR `40P01`: transactions in each other’s way', async () => {
  const [one, other] = [await connected(), await connected()]
  await one.query('create table ways (id int primary key, n int); insert into ways values (1, 0), (2, 0)')
  await one.query('begin isolation level repeatable read; select * from ways')
  await other.query('update ways set n = 1')
  expect(rowOf(await rejection(one.query('update ways set n = 2')))).toBe('ERROR `40001`')
  await one.query('rollback; begin; update ways set n = 3 where id = 1')
  await other.query('begin; update ways set n = 3 where id = 2')
  const both = [one, other].map((each, i) =>
    each.query('update ways set n = 4 where id = $1', [2 - i]).then(
      () => undefined,
      (error: Error) => error,
    ),
  )
  const error = await Promise.race(both.map(async (each) => (await each) ?? Promise.all(both)))
  expect(rowOf([error].flat().find((each) => each instanceof Error))).toBe('ERROR `40P01`')
  await Promise.all([one.query('rollback'), other.query('rollback')])
  await Promise.all([one.end(), other.end()])
})

test("a parameter too many is the application's: its connection is kept, and it is not tried again", async () => {
  await using pool = disposablePool({ connectionString: cluster.url, max: 1 })
  await pool.query('select 1')
  const [before] = (await pool.query('select pg_backend_pid() as pid')).rows
  const error = await rejection(pool.query('insert into t values ($1)', [1, 2]))
  expect(error).toMatchObject({ code: '08P01', severity: 'ERROR' })
  const [after] = (await pool.query('select pg_backend_pid() as pid')).rows
  expect(after).toEqual(before)
})

test('connections that break in every way', async () => {
  const [reset, ended, again] = [await connected(), await connected(), await connected()]
  const resetting = rejection(reset.query('select pg_sleep(60)'))
  const { stream } = (ended as unknown as { connection: { stream: net.Socket } }).connection
  const closed = new Promise((resolve) => stream.once('close', resolve))
  await cluster.primary.reset()
  expect(rowOf(await resetting)).toBe('`ECONNRESET`')
  expect(rowOf(await rejection(again.query('select 1')))).toMatch(/not queryable|ECONNRESET/)
  expect(rowOf(await rejection(again.query('select 1')))).toBe(
    '"Client has encountered a connection error and is not queryable"',
  )
  await closed
  expect(rowOf(await rejection(write(stream)))).toBe('`ERR_STREAM_DESTROYED`')
  const left = await connected()
  await left.end()
  expect(rowOf(await rejection(left.query('select 1')))).toBe('"Client was closed and is not queryable"')
})

/** After a crash of one of its processes the server is started anew. */
async function untilServing(): Promise<ClusterNode> {
  for (;;) {
    const made = client()
    const serves = await made.connect().then(
      () => true,
      () => false,
    )
    await made.end().catch(() => {})
    if (serves) return cluster.primary
  }
}

function write(stream: net.Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('error', () => {})
    stream.write('x', (error) => (error ? reject(error) : resolve()))
  })
}

test('`EPIPE`: written to what the other side has ended', async () => {
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  // Read to its end without leaving by itself, as a client in the middle of its writing.
  const isEnded = once(socket, 'end')
  socket.cork()
  socket.resume()
  await isEnded
  expect(rowOf(await rejection(write(socket)))).toBe('`EPIPE`')
  socket.destroy()
  server.close()
})

test('"Connection terminated", unexpectedly and not: a server whose process is gone, a client that leaves', async () => {
  const [victim, witness, leaving] = await Promise.all([
    connected({ url: cluster.primary.directUrl }),
    connected(),
    connected(),
  ])
  const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid')
  const left = rejection(leaving.query('select pg_sleep(60)'))
  await leaving.end()
  expect(rowOf(await left)).toBe('"Connection terminated"')
  const noticed = once(witness, 'notice')
  const failed = once(victim, 'error')
  process.kill(rows[0]?.pid as number, 'SIGKILL')
  const [error] = await failed
  expect(rowOf(error)).toBe('"Connection terminated unexpectedly"')
  const [notice] = await noticed
  expect(notice).toMatchObject({ code: '57P02', severity: 'WARNING' })
})

test('deadlines: of a connect, of a full pool, of a statement', async () => {
  const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const url = `postgres://app@127.0.0.1:${(silent.address() as net.AddressInfo).port}/app`
  const short = { connectionTimeoutMillis: 50 }
  expect(rowOf(await refused({ url, ...short }))).toBe('"timeout expired"')
  const unheard = new pg.Pool({ connectionString: url, ...short })
  expect(rowOf(await rejection(unheard.query('select 1')))).toBe(
    '"Connection terminated due to connection timeout"',
  )
  silent.close()
  const { url: connectionString } = await untilServing()
  const full = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 500 })
  const held = await full.connect()
  expect(rowOf(await rejection(full.connect()))).toBe('"timeout exceeded when trying to connect"')
  const late = rejection(held.query({ text: 'select pg_sleep(60)', query_timeout: 50 } as never))
  expect(rowOf(await late)).toBe('"Query read timeout"')
  held.release(true)
  await full.end()
})

test('`PGHA_POOL_FULL`', async () => {
  const { url: connectionString } = await untilServing()
  await using pool = disposablePool({
    connectionString,
    max: 1,
    poolEngine: genericPool({ maxWaitingClients: 1 }),
  })
  const held = await pool.connect()
  const waiting = pool.connect()
  const error = await rejection(pool.connect())
  expect(error).toBeInstanceOf(PoolFullError)
  expect(rowOf(error)).toBe('`PGHA_POOL_FULL`')
  held.release()
  ;(await waiting).release()
})

test('nothing that is known', () => {
  expect(rowOf(new Error('something else'))).toBe('anything else')
})

test('FATAL `57P03` and `ECONNREFUSED`: a server that stops, and is gone', async () => {
  const { primary } = cluster
  const lasting = await connected({ url: (await untilServing()).url })
  // A smart stop waits for every session, also for those that tests before this one have left.
  await lasting.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`)
  const stopping = primary.stop({ mode: 'smart' })
  // Until the signal has arrived it takes sessions still.
  const url = primary.directUrl
  let error: unknown
  while (error === undefined) {
    const made = client({ url })
    error = await made.connect().then(
      () => undefined,
      (each: Error) => each,
    )
    await made.end().catch(() => {})
  }
  expect(rowOf(error)).toBe('FATAL `57P03`')
  await lasting.end()
  await stopping
  expect(rowOf(await refused({ url: primary.url }))).toBe('`ECONNREFUSED`')
  await primary.start()
})

test.skipIf(!hasPgBouncer())('FATAL `08…`, unsupported start-up options: PgBouncer', async () => {
  await untilServing()
  const { ports, release } = await reservePorts(1)
  await using pooler = await startPgBouncer(cluster.primary.directUrl, ports[0] as number)
  release()
  const asked = await connected({ url: pooler.url })
  const error = await rejection(asked.query('select pg_terminate_backend(pg_backend_pid())'))
  const later = await rejection(asked.query('select 1'))
  expect([rowOf(error), rowOf(later)]).toContain('FATAL `08…`')
  const options = await refused({ url: pooler.url, options: '-c default_transaction_read_only=on' })
  expect(rowOf(options)).toBe('"… unsupported startup parameter …"')
})

test('every row was brought about, but for those named', () => {
  const all = ERROR_ROWS.map(errorLabel)
  const pooled = ['FATAL `08…`', '"… unsupported startup parameter …"']
  const excused = new Set([...Object.keys(NOT_HERE), ...SPEC_ONLY, ...(hasPgBouncer() ? [] : pooled)])
  expect(all.filter((label) => !seen.has(label) && !excused.has(label))).toEqual([])
  expect([...seen].filter((label) => Object.hasOwn(NOT_HERE, label))).toEqual([])
})
