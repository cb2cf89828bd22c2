// Writes go to the primary, reads to a standby: `pool.write` and `pool.read` are pools too.
//   DATABASE_URL=postgres://app:secret@db1,db2,db3/app npx tsx examples/read-write.ts
import { Pool } from 'pg-ha'

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
try {
  const where = 'select pg_is_in_recovery() as standby'
  await pool.write.query('create table if not exists visits (at timestamptz not null default now())')
  await pool.write.query('insert into visits default values')
  const wrote = await pool.write.query<{ standby: boolean }>(where)
  const read = await pool.read.query<{ standby: boolean }>(where)
  console.log(`Written to a ${role(wrote.rows[0])}, read from a ${role(read.rows[0])}`)

  // A session for reads refuses to write, wherever it runs.
  await pool.read.query('insert into visits default values').catch((error: Error & { code?: string }) => {
    console.log(`A write through pool.read is refused: ${error.code}`)
  })
} finally {
  await pool.end()
}

function role(row: { standby: boolean } | undefined): string {
  return row?.standby === true ? 'standby' : 'primary'
}
