// An address that leads to another host from one moment to the next: what is known of lost packets and dead connections there.

import { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dialledOptions } from '../../../src/dialing/dialled-options.ts'
import { monotonicClock } from '../../../src/monitoring/clock.ts'
import { Prober } from '../../../src/monitoring/prober.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import { Switchboard } from '../../support/switchboard.ts'

let cluster: Cluster
let standby: ClusterNode

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  standby = cluster.standbys[0] as ClusterNode
})
afterAll(() => cluster.stop())

/** A connect whose packets nobody answers. */
class MuteSocket extends Socket {
  override connect(): this {
    return this
  }
}

function proberOf(
  node: ClusterNode,
  { openStream = (): Socket => new Socket(), clock = monotonicClock } = {},
): Prober {
  const { user, password, database } = cluster
  const login = { user, password, database, host: node.host, port: node.port, stream: openStream }
  const connection = dialledOptions(login, { address: null })
  // Longer than the test may take: nothing here ends by this.
  return new Prober({ connection, timeoutMillis: 100_000, clock, onLost: () => {} })
}

/** Long enough for anything in this process to have come to its end that need not wait for a server. */
async function roundTrip(): Promise<string> {
  await cluster.primary.query('select 1')
  return 'still waiting'
}

test('a look dials again where its first packet is not answered, once it knows how near the server is', async () => {
  let dials = 0
  const openStream = (): Socket => (++dials === 2 || dials === 3 ? new MuteSocket() : new Socket())
  const prober = proberOf(standby, { openStream })
  expect(await prober.probe()).toMatchObject({ kind: 'answer' })
  await standby.reset()
  // The kept connection has ended, or ends under the look.
  const looks = [await prober.probe()]
  if (dials < 2) looks.push(await prober.probe())
  expect(looks.at(-1)).toMatchObject({ kind: 'answer', role: 'standby' })
  expect(dials).toBe(4)
  prober.close()
})

test('a look that waits on an old connection is cut short when others of the node have ended, a new one is not', async () => {
  let passedMillis = 0
  const prober = proberOf(standby, { clock: () => passedMillis })
  expect(await prober.probe()).toMatchObject({ kind: 'answer' })
  await standby.blackhole()
  const old = prober.probe()
  await roundTrip()
  prober.hurry()
  expect(await Promise.race([old, roundTrip()])).toBe('still waiting')
  passedMillis += 10_000
  prober.hurry()
  expect(await old).toMatchObject({ kind: 'failure', sign: 'lost' })
  const fresh = prober.probe()
  await roundTrip()
  passedMillis += 10_000
  prober.hurry()
  expect(await Promise.race([fresh, roundTrip()])).toBe('still waiting')
  await standby.heal()
  expect(await fresh).toMatchObject({ kind: 'answer', role: 'standby' })
  prober.close()
})

test('a read that meets one reset after the other goes on until it is served, at the same address if there is no other', async () => {
  const { user, password, database } = cluster
  const connectionString = `postgres://${user}:${password}@${standby.host}:${standby.port}/${database}?targetServerType=secondary`
  await using pool = disposablePool({ connectionString })
  const reading = pool.read.query<{ port: number }>('select inet_server_port() as port from pg_sleep(1)')
  const known = new Set<number>()
  for (let resets = 0; resets < 3; resets++) {
    await until(async () => {
      const { rows } = await standby.query<{ pid: number }>(
        `select pid from pg_stat_activity where query like 'select inet_server_port%' and pid <> pg_backend_pid()`,
      )
      const fresh = rows.find(({ pid }) => !known.has(pid))
      if (fresh !== undefined) known.add(fresh.pid)
      return fresh ?? null
    }, 'the read to be running')
    await standby.reset()
  }
  const { rows } = await reading
  expect(rows[0]?.port).toBe(standby.directPort)
})

function behind({ port }: Switchboard) {
  const { user, password, database } = cluster
  return {
    connectionString: `postgres://${user}:${password}@127.0.0.1:${port}/${database}?targetServerType=primary`,
  }
}

test('of many connections that an address which has moved left dead, one costs a statement', async () => {
  await using board = await Switchboard.open(() => cluster.primary.directPort)
  // The monitor does not find it out first.
  const calm = { probeIntervalMillis: 3_600_000, hostRecheckSeconds: 7200, max: 4 }
  await using pool = disposablePool({ ...behind(board), ...calm })
  await Promise.all(Array.from({ length: 4 }, () => pool.query('select pg_sleep(0.1)')))
  expect(pool.idleCount).toBe(4)
  board.strand()
  const failed: unknown[] = []
  for (let i = 0; i < 5; i++) await pool.query('select 1').catch((error: unknown) => failed.push(error))
  expect(failed).toHaveLength(1)
  expect(failed[0]).toMatchObject({ code: 'PGHA_OUTCOME_UNKNOWN' })
})

test('the connection for a write that waits is made beside the look that decides', async () => {
  await using board = await Switchboard.open(() => cluster.primary.directPort)
  await using pool = disposablePool({ ...behind(board), probeTimeoutMillis: 100_000, max: 4 })
  await pool.query('select 1')
  // The look, and beside it what is to be the write's: neither is served before both are there.
  board.strand()
  board.hold(2)
  await pool.query('select 1').catch(() => {})
  const { rows } = await pool.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  expect(rows).toEqual([{ standby: false }])
})
