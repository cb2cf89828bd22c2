// pg-pool brings no types; pg.Pool is it, bound to pg's client.
declare module 'pg-pool' {
  import type { Pool } from 'pg'

  const PgPool: typeof Pool
  export = PgPool
}
