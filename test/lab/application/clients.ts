// The two clients that are compared: pg-ha, and what an application does with a plain pg.Pool and several addresses.
import pg from 'pg'
import { Pool } from 'pg-ha'
import { type ApplicationOptions, now, type Sign } from './record.ts'

/** Both give what the server that answered said it is. */
export interface Client {
  write(key: string): Promise<string>
  read(): Promise<string>
}

const CONNECTIONS = 4
/** pg.Pool's default is to wait for ever: nobody would run it so. */
const CONNECT_MILLIS = 2000

interface Answer {
  readonly node: string
}

function statements({ id, table, whoSql }: ApplicationOptions) {
  return {
    write: (key: string) => ({
      text: `insert into ${table} (app, key) values ($1, $2) returning node`,
      values: [id, key],
    }),
    read: `select ${whoSql} as node`,
  }
}

export function haClient(options: ApplicationOptions, onSign: (sign: Sign) => void): Client {
  const pool = new Pool({ connectionString: options.url, max: CONNECTIONS, ...options.poolOptions })
  const sign = (event: string, says: string): void => onSign({ at: now(), event, says })
  pool.on('error', (error) => sign('error', codeOf(error)))
  pool.on('nodeChange', ({ node, current }) => sign('nodeChange', `${node} ${current}`))
  pool.on('primaryChange', ({ current, verdict }) =>
    sign('primaryChange', `${current ?? 'none'} (${verdict.rule})`),
  )
  pool.on('failover', ({ to, downtimeMillis }) => sign('failover', `${to} ${Math.round(downtimeMillis)} ms`))
  pool.on('splitBrain', ({ verdict }) => sign('splitBrain', verdict.rule))
  pool.on('splitBrainEnd', ({ durationMillis }) => sign('splitBrainEnd', `${Math.round(durationMillis)} ms`))
  const { write, read } = statements(options)
  return {
    write: async (key) => nodeOf(await pool.query<Answer>(write(key))),
    read: async () => nodeOf(await pool.read.query<Answer>(read)),
  }
}

/** Turns to the next address when one fails: as much as an application can do without knowing roles. */
export function plainClient(options: ApplicationOptions, onSign: (sign: Sign) => void): Client {
  const { write, read } = statements(options)
  const turn = (
    urls: readonly string[],
    first: number,
  ): (<T>(work: (pool: pg.Pool) => Promise<T>) => Promise<T>) => {
    const pools = urls.map((url) => {
      const pool = new pg.Pool({
        connectionString: url,
        max: CONNECTIONS,
        connectionTimeoutMillis: CONNECT_MILLIS,
      })
      pool.on('error', (error) => onSign({ at: now(), event: 'error', says: codeOf(error) }))
      return pool
    })
    let current = first % pools.length
    return async (work) => {
      const mine = current
      try {
        return await work(pools[mine] as pg.Pool)
      } catch (error) {
        if (current === mine) current = (mine + 1) % pools.length
        throw error
      }
    }
  }
  const writing = turn(options.writes, 0)
  const reading = turn(options.reads, 1)
  return {
    write: (key) => writing(async (pool) => nodeOf(await pool.query<Answer>(write(key)))),
    read: () => reading(async (pool) => nodeOf(await pool.query<Answer>(read))),
  }
}

function nodeOf({ rows }: { rows: Answer[] }): string {
  return rows[0]?.node ?? ''
}

export function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return code ?? message ?? String(error)
}
