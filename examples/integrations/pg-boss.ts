// pg-boss: its option `db` takes whatever executes SQL. A Pool does, with the session it keeps its promises in.
//   node --import tsx pg-boss.ts

import PgBoss from 'pg-boss'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'

const QUEUE = 'notes'
const RETRIED = { expireInSeconds: 10, retryLimit: 10 }

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  // A job that was fetched by a statement whose answer was lost is nobody's until it expires, which is looked for that often.
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    maintenanceIntervalSeconds: 3,
  })
  // What its maintenance and its workers could not do while there was no primary, they do the next time.
  boss.on('error', ({ message }) => console.log(`pg-boss: ${message}`))
  await boss.start()
  await boss.createQueue(QUEUE)

  const workedOff = new Set<number>()
  await boss.work<{ id: number }>(QUEUE, { batchSize: 50, pollingIntervalSeconds: 0.5 }, async (jobs) => {
    for (const { data } of jobs) workedOff.add(data.id)
  })

  return {
    async write(id) {
      if ((await boss.send(QUEUE, { id }, RETRIED)) === null) throw new Error('Not sent')
    },
    kept: async () => [...workedOff],
    async end() {
      await boss.stop()
      await pool.end()
    },
  }
})
