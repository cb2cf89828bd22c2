// What every dialect of connection string is read into, before any of it has a meaning or a default.

/** `socket`: pg's own `/directory database` and `socket:` forms, which only a Pool takes. */
export type Dialect = 'libpq-uri' | 'conninfo' | 'jdbc-url' | 'socket'

export interface ParsedString {
  readonly dialect: Dialect
  /**
   * By libpq's keyword (libpq-uri, conninfo, socket) or pgjdbc's property name (jdbc-url: PGHOST, PGPORT, PGDBNAME,
   * user, password, ...). Decoded, as written, before defaults; the last of a repeated one counts. Hosts and ports are
   * `host` and `port`, lists joined by commas, wherever they stood.
   */
  readonly parameters: ReadonlyMap<string, ParameterText>
}

export interface ParameterText {
  readonly value: string
  /** False where it may hold a piece of a password. */
  readonly isQuotable: boolean
}

/** Takes one fault: a sentence that says which rule was broken and where, and quotes nothing that may be secret. */
export type Report = (message: string) => void
