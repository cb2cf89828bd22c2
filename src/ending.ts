// `pool.end`: lets what is under way finish, within a time where one is given, and leaves nothing behind.
import type { Coordinator } from './monitoring/coordinator.ts'
import type { Dispatcher } from './pooling/dispatcher.ts'
import type { PoolSet } from './pooling/pool-set.ts'
import { checkMillis, isInTime } from './time-limit.ts'

export interface EndOptions {
  /**
   * How long clients in use and statements under way may take, in ms; they are cut off then, and whoever holds them is told.
   * Default: as long as they take, as with pg.Pool.
   */
  readonly timeoutMillis?: number | undefined
}

export interface EndParts {
  readonly dispatcher: Dispatcher
  readonly pools: PoolSet
  readonly coordinator: Coordinator | null
}

/** How long a connection that was cut off may take to be gone, in ms: its holder may never give it back. */
const CLOSING_MILLIS = 100

/** Resolves when every connection is closed, or was cut off. */
export async function endPool(
  { dispatcher, pools, coordinator }: EndParts,
  { timeoutMillis }: EndOptions,
): Promise<void> {
  // Not before: it is the monitor that finds out that a server has fallen silent whose answer is waited for.
  const ended = dispatcher.end().finally(() => coordinator?.close())
  if (timeoutMillis === undefined || (await isInTime(ended, timeoutMillis))) {
    await ended
    return
  }
  pools.cutOff(`The pool was ended, and its ${timeoutMillis} ms were over`)
  coordinator?.close()
  await isInTime(ended, CLOSING_MILLIS)
}

/** @throws ConfigError */
export function checkEndOptions({ timeoutMillis }: EndOptions): void {
  checkMillis({ timeoutMillis })
}
