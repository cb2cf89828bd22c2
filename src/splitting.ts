// What a pool needs to let each statement decide where it runs, put together for one engine. Null where there is nothing
// to split: not asked for, or a single host without a monitor.
import pg from 'pg'
import type { Engine } from './engine.ts'
import { monotonicClock } from './monitoring/clock.ts'
import { FUNCTION_QUERY } from './pooling/function-lookup.ts'
import type { Place } from './pooling/routed-session.ts'
import { Splitter } from './pooling/splitter.ts'
import { runStatement } from './pooling/statement.ts'
import { type RouteRequest, readRequest, writeRequest } from './routing/request.ts'

export interface Splitting {
  readonly splitter: Splitter
  readonly requests: Readonly<Record<Place, RouteRequest>>
  /** What `pool.connect()` gives is an instance of it. */
  readonly clientClass: object
}

/** Functions are asked about where the newest of them are, in sessions that have the application's search path. */
const ASK: RouteRequest = Object.freeze({ target: 'prefer-primary', intent: 'write' })
/** The application may parse booleans as it likes. */
const AS_TEXT = { getTypeParser: () => String } as never

export function splittingOf(engine: Engine): Splitting | null {
  const { settings } = engine
  if (settings.readWriteSplitting === 'explicit' || !settings.monitored) return null
  const ask = (names: readonly string[]) =>
    new Promise<readonly Readonly<Record<string, unknown>>[]>((resolve, reject) => {
      runStatement(
        engine.dispatcher,
        {
          text: { text: FUNCTION_QUERY, values: [names], types: AS_TEXT },
          values: undefined,
          callback: (error, result) =>
            error === undefined
              ? resolve((result as { rows: Record<string, unknown>[] }).rows)
              : reject(error),
        },
        { request: ASK, monitored: true, keeper: null },
      )
    })
  return {
    splitter: new Splitter({ ask, clock: monotonicClock }),
    requests: { standby: readRequest(settings.target), primary: writeRequest(settings.target) },
    clientClass: settings.poolOptions.Client ?? pg.Client,
  }
}
