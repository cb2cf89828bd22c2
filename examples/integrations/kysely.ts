// Kysely: its PostgresDialect takes a Pool as it is, and pool.read for what may run on a standby.
//   node --import tsx kysely.ts
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'

interface Database {
  notes: { id: number; text: string }
}

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const replica = new Kysely<Database>({ dialect: new PostgresDialect({ pool: pool.read }) })

  await db.schema
    .createTable('notes')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('text', 'text')
    .execute()

  return {
    write: (id) =>
      db.transaction().execute((trx) => trx.insertInto('notes').values({ id, text: 'Kysely' }).execute()),
    async readsStandby() {
      const onStandby = sql<boolean>`pg_is_in_recovery()`.as('onStandby')
      return (await replica.selectNoFrom(onStandby).executeTakeFirstOrThrow()).onStandby
    },
    async kept() {
      return (await db.selectFrom('notes').select('id').execute()).map(({ id }) => id)
    },
    async end() {
      await replica.destroy()
      await db.destroy()
    },
  }
})
