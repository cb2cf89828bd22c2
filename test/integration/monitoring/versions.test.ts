// Every supported server: the same evidence from each, the role of each new connection, a failover.
import { describe, expect, test } from 'vitest'
import { monotonicClock } from '../../../src/monitoring/clock.ts'
import { Prober } from '../../../src/monitoring/prober.ts'
import { type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import type { ProbeAnswer } from '../../../src/topology/probe-result.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'

async function look(
  node: ClusterNode,
  login: { user: string; password: string; database: string },
): Promise<ProbeAnswer> {
  const prober = new Prober({
    connection: { ...login, host: node.host, port: node.directPort },
    timeoutMillis: 5000,
    clock: monotonicClock,
    onLost: () => {},
  })
  const result = await prober.probe()
  prober.close()
  if (result.kind !== 'answer') throw new Error(`An answer was expected: ${result.message}`)
  return result
}

describe.each([12, 13, 14, 15, 16, 17, 18] as const)('PostgreSQL %s', (version) => {
  test('shows all its evidence to a superuser, less to a plain role, and is failed over', {
    timeout: 60_000,
  }, async () => {
    await using cluster = await startCluster({ nodes: 2, version })
    const { user, password, database } = cluster
    const [primary, standby] = cluster.nodes as [ClusterNode, ClusterNode]
    await primary.query(`create role plain login password 'plain secret'`)
    await cluster.waitForReplication()
    const seen = await look(primary, { user, password, database })
    expect(seen).toMatchObject({
      role: 'primary',
      timeline: 1,
      followers: 1,
      readOnly: false,
      receiving: null,
    })
    expect(Math.floor((seen.serverVersion ?? 0) / 10_000)).toBe(version)
    expect(seen.writeLsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
    expect(seen.systemIdentifier).toMatch(/^\d{15,}$/)
    const followed = await look(standby, { user, password, database })
    expect(followed).toMatchObject({
      role: 'standby',
      timeline: 1,
      receiving: true,
      upstream: { host: primary.host, port: primary.directPort },
      systemIdentifier: seen.systemIdentifier,
    })
    const plain = { user: 'plain', password: 'plain secret', database }
    expect(await look(primary, plain)).toMatchObject({ role: 'primary', timeline: 1, followers: 1 })
    expect(await look(standby, plain)).toMatchObject({
      role: 'standby',
      timeline: null,
      upstream: null,
      receiving: true,
    })
    await primary.query('revoke execute on function pg_control_system() from public')
    expect(await look(primary, plain)).toMatchObject({
      role: 'primary',
      timeline: null,
      systemIdentifier: null,
    })

    await using pool = disposablePool({ connectionString: cluster.url })
    await pool.query('select 1')
    await primary.kill()
    // A statement handed to a socket before its end was heard of would be in doubt.
    await untilCluster(pool, (seen) => seen.primary === null)
    const written = pool.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
    await standby.promote()
    expect((await written).rows).toEqual([{ standby: false }])
    expect(await look(standby, { user, password, database })).toMatchObject({ role: 'primary', timeline: 2 })
  })
})
