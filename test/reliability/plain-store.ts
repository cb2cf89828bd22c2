// What many applications do: a pg.Pool for each host, the next one after any error, and the statement once more.
import pg from 'pg'
import { placeOf, type Store } from './store.ts'

const TRIES = 40
const PAUSE_MILLIS = 100

export class PlainStore implements Store {
  readonly name = 'plain'
  readonly #pools: readonly pg.Pool[]
  #current = 0

  constructor(urls: readonly string[]) {
    this.#pools = urls.map((connectionString) => {
      // Without these two a silent host would hold everybody for ever.
      const pool = new pg.Pool({
        connectionString,
        max: 10,
        connectionTimeoutMillis: 500,
        query_timeout: 500,
      })
      pool.on('error', () => {})
      return pool
    })
  }

  async run({ text, values }: Parameters<Store['run']>[0]): ReturnType<Store['run']> {
    for (let tries = 1; ; tries++) {
      const at = this.#current
      try {
        const { rows } = await this.#pool(at).query(text, values)
        return placeOf(rows[0])
      } catch (error) {
        if (tries >= TRIES) throw error
        if (this.#current === at) this.#current = (at + 1) % this.#pools.length
        await pause(PAUSE_MILLIS)
      }
    }
  }

  outcomeOf(): 'failed' {
    return 'failed'
  }

  doubt(): string {
    return ''
  }

  async end(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()))
  }

  #pool(index: number): pg.Pool {
    const pool = this.#pools[index]
    if (pool === undefined) throw new Error(`There is no host ${index}`)
    return pool
  }
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}
