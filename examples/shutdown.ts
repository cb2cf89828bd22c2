// Stops in order: on SIGTERM it takes no new work, lets what is under way finish, and leaves no connection behind.
// DATABASE_URL=postgres://... node --import tsx examples/shutdown.ts
import { Pool } from 'pg-ha'

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
let isStopping = false
let done = 0
let cutOff = 0

process.once('SIGTERM', async () => {
  isStopping = true
  // Shorter than the time until the SIGKILL that follows: 30 s in Kubernetes, 10 s with docker stop.
  await pool.end({ timeoutMillis: process.argv.includes('--stuck') ? 500 : 8000 })
  console.log(`stopped after ${done} jobs, ${cutOff} cut off`)
})

await pool.query('drop table if exists jobs')
await pool.query('create table jobs (n int)')
if (process.argv.includes('--stuck')) {
  pool.query('select pg_sleep(3600)').catch(() => {
    cutOff += 1
  })
}
await Promise.all(Array.from({ length: 4 }, work))

async function work(): Promise<void> {
  while (!isStopping) {
    await pool.transaction(async (tx) => {
      await tx.query('insert into jobs values ($1)', [done])
    })
    done += 1
    console.log(`written ${done}`)
  }
}
