// Sessions of one pool, put together for one engine: reads that see what was written before them.
import type { Engine } from './engine.ts'
import { ConfigError } from './errors.ts'
import { monotonicClock } from './monitoring/clock.ts'
import { POSITION_QUERY } from './pooling/position-question.ts'
import { SessionKeeper } from './pooling/session-keeper.ts'
import { ReadSession } from './routing/read-session.ts'
import type { RouteRequest } from './routing/request.ts'
import { positionToken, readPositionToken, type WalPosition } from './routing/wal-position.ts'
import { writableNode } from './split-brain/verdict.ts'
import { lsnEnd } from './topology/lsn.ts'

export interface SessionOptions {
  /** What an earlier session has written, from `pool.sessionToken()`: a cookie, a header, a job's payload. */
  readonly token?: string | null | undefined
  /** Reads never go back behind an earlier read, either. Default: false. */
  readonly monotonic?: boolean | undefined
}

const PRIMARY: RouteRequest = Object.freeze({ target: 'primary', intent: 'write' })
/** The application may parse texts as it likes. */
const AS_TEXT = { getTypeParser: () => String } as never

export class Sessions {
  readonly #keeper: SessionKeeper

  constructor(engine: Engine) {
    const { dispatcher } = engine
    this.#keeper = new SessionKeeper({
      clock: monotonicClock,
      state: () => ({ view: engine.state.view, primary: writableNode(engine.state.verdict) }),
      askPosition: () => askPosition(engine),
      look: () => {
        for (const { name } of engine.state.view.nodes) dispatcher.look(name)
      },
      wake: () => dispatcher.wake(),
      reroute: (attempt) => dispatcher.reroute(attempt),
    })
    dispatcher.attachBy((attempt) => this.#keeper.attach(attempt))
  }

  run<T>({ token, monotonic = false }: SessionOptions, work: () => T): T {
    const session = new ReadSession({ isMonotonic: monotonic })
    // A token that is none comes from outside: it says nothing, and is no fault of the program.
    const position = typeof token === 'string' ? readPositionToken(token) : null
    if (position !== null) session.mustSee(position, monotonicClock())
    return this.#keeper.run(session, work)
  }

  /** Null: nothing was written. */
  async token(): Promise<string | null> {
    const session = this.#keeper.current
    if (session.isUnsettled) {
      const position = await this.#keeper.positionNow()
      if (position !== null) session.mustSee(position, monotonicClock())
    }
    return session.floor === null ? null : positionToken(session.floor)
  }
}

/** @throws ConfigError for a pool without a monitor, which has nothing to choose. */
export function checkSessions({ settings }: Engine): void {
  if (settings.monitored) return
  const message =
    'pool.session() needs several hosts, or a target: a single host shows what was written to it'
  throw new ConfigError([{ option: 'readConsistency', message }])
}

function askPosition(engine: Engine): Promise<WalPosition | null> {
  return new Promise((resolve) => {
    engine.dispatcher.acquire({
      request: PRIMARY,
      isInternal: true,
      failures: 0,
      sinceMillis: null,
      callback: (error, lease) => {
        if (error !== undefined || lease === null) {
          resolve(null)
          return
        }
        lease.client.query({ text: POSITION_QUERY, types: AS_TEXT }).then(
          ({ rows }) => {
            lease.release()
            resolve(readPosition(rows[0]))
          },
          (error: Error) => {
            lease.release(error)
            resolve(null)
          },
        )
      },
    })
  })
}

function readPosition(row: { lsn?: string; wal_file?: string } | undefined): WalPosition | null {
  const position = lsnEnd(row?.lsn ?? null)
  const timeline = Number.parseInt(row?.wal_file?.slice(0, 8) ?? '', 16)
  return position === null || !Number.isSafeInteger(timeline) ? null : { timeline, position }
}
