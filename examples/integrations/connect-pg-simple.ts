// connect-pg-simple: `pool` takes a Pool, and keeps Express' sessions through a failover.
//   node --import tsx connect-pg-simple.ts
import connectPgSimple from 'connect-pg-simple'
import session, { type SessionData } from 'express-session'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'

const Store = connectPgSimple(session)

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  const store = new Store({ pool, createTableIfMissing: true, pruneSessionInterval: false })
  const cookie = { originalMaxAge: 60_000 }

  return {
    write: (id) =>
      new Promise<void>((resolve, reject) => {
        // What express-session does at the end of a request that has changed its session.
        store.set(`session-${id}`, { cookie, userId: id } as SessionData, (error) =>
          error ? reject(error) : resolve(),
        )
      }),
    async kept() {
      const { rows } = await pool.query<{ id: number }>(`select (sess->>'userId')::int as id from session`)
      return rows.map(({ id }) => id)
    },
    async end() {
      await store.close()
      await pool.end()
    },
  }
})
