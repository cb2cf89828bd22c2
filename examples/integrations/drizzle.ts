// Drizzle: `drizzle` of pg-ha/drizzle in place of Drizzle's own.
//   node --import tsx drizzle.ts
import { sql } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle } from 'pg-ha/drizzle'
import { throughFailover } from './through-failover.ts'

const notes = pgTable('notes', { id: integer().primaryKey(), text: text() })

await throughFailover(async (connectionString) => {
  const db = drizzle({ connection: connectionString })
  await db.execute(sql`create table notes (id int primary key, text text)`)

  return {
    write: (id) => db.transaction((tx) => tx.insert(notes).values({ id, text: 'Drizzle' })),
    async readsStandby() {
      const { rows } = await db.execute(sql`select pg_is_in_recovery() as standby`)
      return rows[0]?.standby === true
    },
    // Not from a standby that is behind.
    kept: async () => (await db.$primary.select({ id: notes.id }).from(notes)).map(({ id }) => id),
    end: () => db.$client.end(),
  }
})
