// Asks the primary where its WAL ends, for sessions that have written. One question at a time answers for all writes that
// were over when it was asked; nobody waits for it but a standby that might serve them.
import type { WalPosition } from '../routing/wal-position.ts'

/** On servers 12 to 18, for any role, on a primary. */
export const POSITION_QUERY =
  'select pg_catalog.pg_current_wal_insert_lsn()::text as lsn, ' +
  'pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) as wal_file'

type Callback = (position: WalPosition | null) => void

export class PositionQuestion {
  readonly #ask: () => Promise<WalPosition | null>
  #waiting: Callback[] = []
  #isAsking = false

  constructor(ask: () => Promise<WalPosition | null>) {
    this.#ask = ask
  }

  /** Calls back with a position of a time after this call; null where there was no answer. */
  after(callback: Callback): void {
    this.#waiting.push(callback)
    if (!this.#isAsking) void this.#answer()
  }

  async #answer(): Promise<void> {
    this.#isAsking = true
    while (this.#waiting.length > 0) {
      const asked = this.#waiting
      this.#waiting = []
      const position = await this.#ask().catch(() => null)
      for (const callback of asked) callback(position)
    }
    this.#isAsking = false
  }
}
