// What an application writes down of its own life. Times are milliseconds since 1970, so that processes can be compared.

export type ClientKind = 'pg-ha' | 'pg.Pool'

export interface Operation {
  readonly kind: 'write' | 'read'
  /** Of the row; empty for a read. */
  readonly key: string
  readonly startedAt: number
  /** Null: it had no outcome when the application was ended. */
  readonly endedAt: number | null
  /** SQLSTATE, PGHA_* or system code, or the message where there is no code. Null: it succeeded. */
  readonly error: string | null
  /** What the server that answered said it is. */
  readonly node: string | null
}

/** Something that the application was told without asking: an event of its pool. */
export interface Sign {
  readonly at: number
  readonly event: string
  readonly says: string
}

export interface ApplicationRecord {
  readonly operations: readonly Operation[]
  /** What the last error of each kind said, by kind and code: `write PGHA_NO_PRIMARY`. */
  readonly messages: Readonly<Record<string, string>>
  readonly signs: readonly Sign[]
}

export interface ApplicationOptions {
  readonly id: string
  readonly client: ClientKind
  readonly url: string
  readonly writes: readonly string[]
  readonly reads: readonly string[]
  readonly table: string
  /** An SQL expression: which server this is. */
  readonly whoSql: string
  /** Options of pg-ha beyond the URL. */
  readonly poolOptions: Readonly<Record<string, unknown>>
}

/** From the application to its parent: it has begun; how much has succeeded so far; its record, when it is told to stop. */
export type Message =
  | {
      readonly type: 'progress'
      readonly lastWriteStartedAt: number
      readonly lastReadStartedAt: number
      readonly lastError: string | null
    }
  | { readonly type: 'record'; readonly record: ApplicationRecord }

export function now(): number {
  return performance.timeOrigin + performance.now()
}
