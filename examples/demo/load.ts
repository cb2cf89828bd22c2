// Writers and readers as an application would have them: they never stop for an error, they write it down. Rows have keys
// that no two writers share; the table has no constraint, so that a row written twice shows.
import type { Pool } from 'pg-ha'
import type { Ledger } from './ledger.ts'

export interface LoadOptions {
  readonly pool: Pool
  readonly ledger: Ledger
  readonly table: string
  readonly writers: number
  readonly readers: number
}

export class Load {
  readonly #options: LoadOptions
  #loops: readonly Promise<void>[] = []
  #isStopping = false

  constructor(options: LoadOptions) {
    this.#options = options
  }

  start(): void {
    const { writers, readers } = this.#options
    this.#loops = [
      ...Array.from({ length: writers }, (_, number) => this.#write(`writer-${number + 1}`)),
      ...Array.from({ length: readers }, () => this.#read()),
    ]
  }

  /** Resolves when the last statement is over. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#loops)
  }

  async #write(name: string): Promise<void> {
    const { pool, ledger, table } = this.#options
    for (let row = 1; !this.#isStopping; row++) {
      const key = `${name}-${row}`
      ledger.begin(key)
      try {
        await pool.query(`insert into ${table} (key) values ($1)`, [key])
        ledger.acknowledge(key, performance.now())
      } catch (error) {
        ledger.writeFailed(key, { code: codeOf(error), atMillis: performance.now() })
      }
    }
  }

  async #read(): Promise<void> {
    const { pool, ledger, table } = this.#options
    while (!this.#isStopping) {
      try {
        await pool.read.query(`select key from ${table} limit 1`)
        ledger.readDone()
      } catch (error) {
        ledger.readFailed(codeOf(error))
      }
    }
  }
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string }
  return code ?? name ?? 'unknown'
}
