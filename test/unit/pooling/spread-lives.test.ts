// The lives of connections that were made together.
import type { PoolConfig } from 'pg'
import PgPool from 'pg-pool'
import { expect, test } from 'vitest'
import type { PoolEngine } from '../../../src/config/pool-engine.ts'
import { withSpreadLives } from '../../../src/pooling/engines/spread-lives.ts'
import { seededRandom } from '../../support/seeded-random.ts'

function chances(): () => number {
  const given = [0, 0.5, 0.999]
  return () => given.shift() ?? 0
}

test('each connection of pg-pool lives as long as chance has it, and never longer than it may', () => {
  const engine = withSpreadLives(
    (options) => new PgPool(options),
    seededRandom(1),
  )({ maxLifetimeSeconds: 100 })
  const { options } = engine as PoolEngine & { readonly options: PoolConfig }
  const lives = Array.from({ length: 5 }, () => options.maxLifetimeSeconds ?? 0)
  for (const life of lives) expect(life >= 90 && life <= 100).toBe(true)
  expect(new Set(lives).size).toBe(5)
})

test('an engine that reads its options itself sees the same', () => {
  let seen: PoolConfig = {}
  const make = withSpreadLives((options) => {
    seen = options
    return {} as PoolEngine
  }, chances())
  make({ max: 3, maxLifetimeSeconds: 100 })
  expect([seen.max, seen.maxLifetimeSeconds, seen.maxLifetimeSeconds]).toEqual([3, 100, 95])
})

test('no bound stays none', () => {
  let seen: PoolConfig | undefined
  const options = { max: 3 }
  withSpreadLives((given) => {
    seen = given
    return {} as PoolEngine
  }, chances())(options)
  expect(seen).toBe(options)
})
