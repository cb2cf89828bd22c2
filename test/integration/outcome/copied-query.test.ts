// Tracers wrap a client's `query`, and some send a copy of what they are given: it asks for no transaction, so nobody knows
// what became of it when the connection is lost.
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { OutcomeUnknownError } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection } from '../../support/workload.ts'

/** As OpenTelemetry's instrumentation does with `addSqlCommenterCommentToQueries`. */
class CommentingClient extends pg.Client {
  override query(...given: unknown[]): never {
    const [query, ...rest] = given
    const isObject = typeof query === 'object' && query !== null && 'text' in query
    const commented = isObject ? { ...query, text: `${query.text} /* traced */` } : query
    return (super.query as (...all: unknown[]) => never)(commented, ...rest)
  }
}

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1 })
  await cluster.primary.query('create table notes (text text)')
})
afterAll(() => cluster?.stop())

test.each(['certain', 'batch'] as const)(
  'a copied write whose answer is lost is not applied twice (%s)',
  async (commitOutcome) => {
    await using pool = disposablePool({
      connectionString: cluster.url,
      targetServerType: 'primary',
      commitOutcome,
      Client: CommentingClient as never,
    })
    await pool.query('select 1')
    await cluster.primary.blackhole('toClient')
    const lost = rejection(pool.query('insert into notes values ($1)', [commitOutcome]))
    await vi.waitFor(async () => expect(await notes(commitOutcome)).toBe(1), { timeout: 10_000 })
    await cluster.primary.reset()
    await cluster.primary.heal()
    expect(await lost).toBeInstanceOf(OutcomeUnknownError)
    expect(await notes(commitOutcome)).toBe(1)
  },
)

async function notes(text: string): Promise<number> {
  return (await cluster.primary.query('select from notes where text = $1', [text])).rows.length
}
