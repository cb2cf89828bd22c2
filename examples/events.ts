// What a pool sees of its cluster: events as things change, and a picture of what it believes now.
//   DATABASE_URL=postgres://app:secret@db1,db2,db3/app npx tsx examples/events.ts
import { once } from 'node:events'
import { Pool } from 'pg-ha'

// Long enough for every node to be heard before the first decision, whatever else the machine does.
const pool = new Pool({ connectionString: process.env.DATABASE_URL, startupGraceMillis: 5000 })
pool.on('nodeChange', ({ node, previous, current }) => console.log(`${node}: ${previous} -> ${current}`))
pool.on('primaryChange', ({ current, verdict }) => console.log(`Primary: ${current} (${verdict.reason})`))
pool.on('failover', ({ from, to, downtimeMillis }) => {
  console.log(`Writes moved from ${from} to ${to} after ${Math.round(downtimeMillis)} ms`)
})
pool.on('splitBrain', ({ claimants, verdict }) => {
  console.log(`${claimants.length} nodes claim to be the primary: ${verdict.reason}`)
})
try {
  const primary = once(pool, 'primaryChange', { signal: AbortSignal.timeout(10_000) })
  // A pool looks at its cluster from the moment it is first used.
  await Promise.all([primary, pool.query('select 1')])
  for (const { name, state, replicationLagBytes } of pool.cluster.nodes) {
    const lag = replicationLagBytes === null ? '' : `, ${replicationLagBytes} bytes behind`
    console.log(`${name} is ${state}${lag}`)
  }
} finally {
  await pool.end()
}
