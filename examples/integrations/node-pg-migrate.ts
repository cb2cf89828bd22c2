// node-pg-migrate: `dbClient` takes a client of a Pool. A migration and its mark are one transaction: whoever loses the
// primary in its middle runs it again, and it goes on where it was.
//   node --import tsx node-pg-migrate.ts
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { Pool } from 'pg-ha'
import { type Cluster, startCluster } from 'pg-ha/testing'
import { killAndPromote, until } from './through-failover.ts'

const ATTEMPTS = 3

interface Migrated {
  readonly attempt: number
  readonly names: readonly string[]
}

async function migrate(pool: Pool): Promise<Migrated> {
  for (let attempt = 1; ; attempt++) {
    // Waits while there is no primary.
    const dbClient = await pool.connect()
    try {
      const done = await runner({
        dbClient,
        dir: fileURLToPath(new URL('migrations', import.meta.url)),
        direction: 'up',
        migrationsTable: 'migrations',
        singleTransaction: false,
        log: () => {},
      })
      return { attempt, names: done.map(({ name }) => name) }
    } catch (error) {
      console.log(`Attempt ${attempt}: ${(error as Error).message}`)
      if (attempt === ATTEMPTS) throw error
    } finally {
      // With its lock and its search_path, it is for nobody else.
      dbClient.release(true)
    }
  }
}

const given = process.env.DATABASE_URL
const cluster = given ? undefined : await startCluster({ nodes: 3, synchronous: true })
const pool = new Pool({ connectionString: given || cluster?.url })
try {
  if (cluster) await holdSecondMigration(cluster)
  const [{ attempt, names }] = await Promise.all([
    migrate(pool),
    cluster && failOverAmidSecondMigration(cluster),
  ])
  const { rows } = await pool.query<{ notes: number }>('select count(*)::int as notes from notes')
  console.log(`Ran ${names.join(', ') || 'nothing'} in attempt ${attempt}; there are ${rows[0]?.notes} notes`)
} finally {
  await pool.end()
  await cluster?.stop()
}

/** It asks for a lock, which this session has until its server dies. */
async function holdSecondMigration(cluster: Cluster): Promise<void> {
  const holder = new pg.Client(cluster.primary.url)
  holder.on('error', () => {})
  await holder.connect()
  await holder.query('select pg_advisory_lock(1)')
}

async function failOverAmidSecondMigration(cluster: Cluster): Promise<void> {
  const waiting = "select from pg_locks where locktype = 'advisory' and not granted"
  await until('The second migration', async () => (await cluster.primary.query(waiting)).rows.length > 0)
  await killAndPromote(cluster)
}
