// The smallest use: one URL with every node, and a pool that finds the primary by itself.
//   npx tsx examples/minimal.ts postgres://app:secret@db1,db2,db3/app
// Without a URL (argument or DATABASE_URL) it starts a cluster of its own.
import { Pool } from 'pg-ha'
import { startCluster } from 'pg-ha/testing'

const given = process.argv[2] || process.env.DATABASE_URL || undefined
const cluster = given === undefined ? await startCluster() : undefined
const pool = new Pool({ connectionString: given ?? cluster?.url })
try {
  const { rows } = await pool.query<{ server_version: string }>('show server_version')
  console.log(`The primary is ${pool.cluster.primary}, PostgreSQL ${rows[0]?.server_version}`)
} finally {
  await pool.end()
  await cluster?.stop()
}
