// Knex: `client` takes the class of pg-ha/knex, and `connection` the options of a Pool.
//   node --import tsx knex.ts
import knex from 'knex'
import { PgHaClient } from 'pg-ha/knex'
import { throughFailover } from './through-failover.ts'

await throughFailover(async (connectionString) => {
  const connection = { connectionString, readWriteSplitting: 'auto' }
  const db = knex({ client: PgHaClient, connection })

  await db.schema.createTable('notes', (table) => {
    table.integer('id').primary()
    table.text('text')
  })

  return {
    write: (id) => db.transaction((trx) => trx('notes').insert({ id, text: 'Knex' })),
    async readsStandby() {
      const { rows } = await db.raw('select pg_is_in_recovery() as standby')
      return rows[0].standby
    },
    // Not from a standby that is behind.
    kept: () => db('notes').comment('pg-ha: primary').pluck('id'),
    end: () => db.destroy(),
  }
})
