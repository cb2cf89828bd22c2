// Commit tokens do not pile up: what is too old to be asked for goes, what may be asked for stays.
import { expect, test, vi } from 'vitest'
import { startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'

const OLD =
  "insert into pgha_commit_tokens select gen_random_uuid(), now() - interval '25 hours' from generate_series(1, 2500)"
const YOUNG = "insert into pgha_commit_tokens values (gen_random_uuid(), now() - interval '23 hours')"

test('a pool that writes tokens deletes those older than a day, all of them, and no others', async () => {
  await using cluster = await startCluster({ nodes: 1 })
  const { primary } = cluster
  await primary.query(
    'create table pgha_commit_tokens (token uuid primary key, at timestamptz not null default now())',
  )
  await primary.query('create table kept (n int)')
  await primary.query(OLD)
  await primary.query(YOUNG)
  // The first time is at random within an hour: at once.
  const random = vi.spyOn(Math, 'random').mockReturnValue(0)
  await using pool = disposablePool({
    connectionString: cluster.url,
    targetServerType: 'primary',
    commitTokens: true,
  })
  random.mockRestore()
  await pool.query('insert into kept values ($1)', [1])
  await expect.poll(() => count(`at < now() - interval '1 day'`), { timeout: 20_000 }).toBe(0)
  expect(await count('true')).toBe(2)

  async function count(which: string): Promise<number> {
    const { rows } = await primary.query<{ n: number }>(
      `select count(*)::int as n from pgha_commit_tokens where ${which}`,
    )
    return rows[0]?.n ?? Number.NaN
  }
})
