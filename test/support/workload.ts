// Writers and readers that work all through a fault, and the books that say afterwards what became of every row.
import type { Pool } from '../../src/index.ts'
import { ConnectionLostError } from '../../src/index.ts'
import type { ClusterNode } from '../../src/testing/index.ts'

export interface Books {
  /** Rows whose insert was acknowledged, with when (performance.now). */
  readonly acknowledged: Map<string, number>
  /** Rows of which only the database knows. */
  readonly inDoubt: Set<string>
  readonly errors: Map<string, number>
  reads: number
}

export interface Audit {
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** Found, although the caller was told that it failed for sure. */
  readonly unexpected: readonly string[]
}

export async function createTable(pool: Pool, table: string): Promise<void> {
  // Without a key constraint, so that a statement sent twice shows.
  await pool.write.query(`create table ${table} (key text not null)`)
}

export class Workload {
  readonly books: Books = { acknowledged: new Map(), inDoubt: new Set(), errors: new Map(), reads: 0 }
  readonly #pool: Pool
  readonly #table: string
  readonly #loops: Promise<void>[] = []
  readonly #waiting: { since: number; resolve: () => void }[] = []
  #stopped = false

  constructor(pool: Pool, table: string, { writers = 3, transactors = 0, readers = 0 } = {}) {
    this.#pool = pool
    this.#table = table
    const insert = `insert into ${table} values ($1)`
    const alone = (key: string): Promise<unknown> => pool.query(insert, [key])
    const within = (key: string): Promise<unknown> => pool.transaction((tx) => tx.query(insert, [key]))
    for (let i = 0; i < writers; i++) this.#loops.push(this.#write(`w${i}`, alone))
    for (let i = 0; i < transactors; i++) this.#loops.push(this.#write(`t${i}`, within))
    for (let i = 0; i < readers; i++) this.#loops.push(this.#read())
  }

  /** Resolves at the first acknowledged write whose statement was started after `since` (performance.now). */
  acknowledgedAfter(since = performance.now()): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ since, resolve }))
  }

  async stop(): Promise<Books> {
    this.#stopped = true
    await Promise.all(this.#loops)
    return this.books
  }

  /** A pool that has ended refuses at once: a loop that went on would never let the program breathe. */
  get #goesOn(): boolean {
    return !this.#stopped && !this.#pool.ending
  }

  async #write(name: string, insert: (key: string) => Promise<unknown>): Promise<void> {
    for (let i = 0; this.#goesOn; i++) {
      const key = `${name}-${i}`
      const started = performance.now()
      try {
        await insert(key)
        this.books.acknowledged.set(key, performance.now())
        this.#settle(started)
      } catch (error) {
        this.#note(error)
        if (isInDoubt(error)) this.books.inDoubt.add(key)
      }
    }
  }

  async #read(): Promise<void> {
    while (this.#goesOn) {
      try {
        await this.#pool.read.query(`select count(*) from ${this.#table}`)
        this.books.reads += 1
      } catch (error) {
        this.#note(error, 'read ')
      }
    }
  }

  #settle(started: number): void {
    for (const waiter of this.#waiting.splice(0)) {
      if (started >= waiter.since) waiter.resolve()
      else this.#waiting.push(waiter)
    }
  }

  #note(error: unknown, prefix = ''): void {
    const kind = prefix + ((error as { code?: string }).code ?? (error as Error).message)
    this.books.errors.set(kind, (this.books.errors.get(kind) ?? 0) + 1)
  }
}

/** Ours says so; PostgreSQL's own farewell on a statement under way says no more. */
function isInDoubt(error: unknown): boolean {
  return error instanceof ConnectionLostError || (error as { code?: string }).code === '57P01'
}

/** Compares the books with what one node holds. */
export async function audit(books: Books, node: ClusterNode, table: string): Promise<Audit> {
  const { rows } = await node.query<{ key: string; times: string }>(
    `select key, count(*) as times from ${table} group by key`,
  )
  const found = new Map(rows.map((row) => [row.key, Number(row.times)]))
  return {
    lost: [...books.acknowledged.keys()].filter((key) => !found.has(key)),
    doubled: [...found].filter(([, times]) => times > 1).map(([key]) => key),
    unexpected: [...found.keys()].filter((key) => !books.acknowledged.has(key) && !books.inDoubt.has(key)),
  }
}

export async function countRows(node: ClusterNode, table: string): Promise<number> {
  const { rows } = await node.query<{ count: string }>(`select count(*) from ${table}`)
  return Number(rows[0]?.count)
}

/** The error a promise rejects with; fails where it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  const [outcome] = await Promise.allSettled([promise])
  if (outcome.status === 'fulfilled') throw new Error('A rejection was expected')
  return outcome.reason as Error & { code?: string }
}
