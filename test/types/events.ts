// What the compiler must accept and refuse of a Pool's events. Never run: checked by tsc.
import type pg from 'pg'
import { expectTypeOf } from 'vitest'
import type {
  Failover,
  NodeChange,
  Pool,
  PrimaryChange,
  SplitBrain,
  SplitBrainEnd,
  Verdict,
} from '../../src/index.ts'

export function eventsOfTheClusterCarryTheirPayload(pool: Pool): void {
  pool
    .on('primaryChange', (change) => {
      expectTypeOf(change).toEqualTypeOf<PrimaryChange>()
      expectTypeOf(change.previous).toEqualTypeOf<string | null>()
      expectTypeOf(change.current).toEqualTypeOf<string | null>()
    })
    .on('nodeChange', (change) => {
      expectTypeOf(change).toEqualTypeOf<NodeChange>()
      expectTypeOf(change.node).toBeString()
    })
    .on('splitBrain', (split) => {
      expectTypeOf(split).toEqualTypeOf<SplitBrain>()
      expectTypeOf(split.verdict).toEqualTypeOf<Verdict>()
    })
    .on('splitBrainEnd', (end) => {
      expectTypeOf(end).toEqualTypeOf<SplitBrainEnd>()
      expectTypeOf(end.durationMillis).toBeNumber()
    })
    .on('failover', (failover) => {
      expectTypeOf(failover).toEqualTypeOf<Failover>()
      expectTypeOf(failover.downtimeMillis).toBeNumber()
    })
  expectTypeOf(pool.on('failover', () => {})).toEqualTypeOf<Pool>()
}

export function eventsOfPgKeepTheirArguments(pool: Pool): void {
  pool.on('connect', (client) => expectTypeOf(client).toEqualTypeOf<pg.PoolClient>())
  pool.on('acquire', (client) => expectTypeOf(client).toEqualTypeOf<pg.PoolClient>())
  pool.on('remove', (client) => expectTypeOf(client).toEqualTypeOf<pg.PoolClient>())
  pool.on('error', (error, client) => {
    expectTypeOf(error).toEqualTypeOf<Error>()
    expectTypeOf(client).toEqualTypeOf<pg.PoolClient>()
  })
  pool.on('release', (error, client) => {
    expectTypeOf(error).toEqualTypeOf<Error>()
    expectTypeOf(client).toEqualTypeOf<pg.PoolClient>()
  })
  pool.read.on('connect', (client) => expectTypeOf(client).toEqualTypeOf<pg.PoolClient>())
}

export function wrongListenersAreRefused(pool: Pool): void {
  // @ts-expect-error no such event
  pool.on('promotion', () => {})
  // @ts-expect-error the payload is an object, not the name of a node
  pool.on('primaryChange', (node: string) => node)
  // @ts-expect-error the payload of another event
  pool.on('failover', (change: NodeChange) => change)
  // @ts-expect-error no such property
  pool.on('splitBrainEnd', (end) => end.downtimeMillis)
  pool.on('nodeChange', (change) => {
    // @ts-expect-error a payload is not to be changed
    change.node = 'other'
  })
  // @ts-expect-error one argument only
  pool.on('connect', (client: pg.PoolClient, error: Error) => [client, error])
}
