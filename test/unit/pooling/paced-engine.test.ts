// The pace of logins over an engine that makes a connection when told to: who is served by what, and in which order.
import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EngineCallback, PoolEngine } from '../../../src/config/pool-engine.ts'
import { paced } from '../../../src/pooling/engines/paced-engine.ts'
import { NotTriedError } from '../../../src/pooling/not-tried.ts'

const FULL = Object.assign(new Error('too many clients'), { code: '53300', severity: 'FATAL' })
const NO_LOGIN = Object.assign(new Error('password'), { code: '28P01', severity: 'FATAL' })

/** As pg-pool: a login belongs to whoever began it, the others queue. */
class ScriptedEngine extends EventEmitter implements PoolEngine {
  readonly logins: EngineCallback[] = []
  readonly #queue: EngineCallback[] = []
  readonly #max: number
  #made = 0
  idleCount = 0
  expiredCount = 0

  constructor(max: number) {
    super()
    this.#max = max
  }

  get totalCount(): number {
    return this.#made + this.logins.length
  }

  get waitingCount(): number {
    return this.#queue.length
  }

  connect(callback: EngineCallback): void {
    if (this.idleCount > 0 || this.totalCount >= this.#max) {
      this.#queue.push(callback)
      process.nextTick(() => this.#serve())
    } else this.logins.push(callback)
  }

  async end(): Promise<void> {}

  succeed(): void {
    const callback = this.logins.shift()
    if (callback === undefined) throw new Error('No login is under way')
    this.#made += 1
    callback(undefined, undefined, () => this.release())
  }

  fail(error: Error): void {
    this.logins.shift()?.(error, undefined, () => {})
  }

  release(): void {
    this.emit('release')
    this.idleCount += 1
    this.#serve()
  }

  #serve(): void {
    if (this.idleCount === 0 && this.totalCount >= this.#max) return
    const callback = this.#queue.shift()
    if (callback === undefined) return
    if (this.idleCount === 0) {
      this.logins.push(callback)
      return
    }
    this.idleCount -= 1
    callback(undefined, undefined, () => this.release())
  }
}

function setUp({ max = 10, pausesAfterRefusal = true, connectionTimeoutMillis = 0 } = {}) {
  const world = { now: 0, outcomes: [] as (string | Error)[], releases: [] as (() => void)[] }
  const inner = new ScriptedEngine(max)
  const make = paced(() => inner, { clock: () => world.now, random: () => 1, pausesAfterRefusal })
  const engine = make({ max, connectionTimeoutMillis })
  const ask = (name: string): void =>
    engine.connect((error, _client, release) => {
      world.outcomes.push(error ?? name)
      if (!error) world.releases.push(release as () => void)
    })
  return { world, inner, engine, ask }
}

function settled(): Promise<void> {
  return new Promise(setImmediate)
}

describe('the pace of logins', () => {
  test('a crowd begins with two logins, and goes on as they succeed', async () => {
    const { inner, engine, ask } = setUp()
    for (let i = 0; i < 100; i++) ask(`${i}`)
    expect([inner.logins.length, engine.waitingCount]).toEqual([2, 98])
    inner.succeed()
    await settled()
    expect([inner.logins.length, engine.waitingCount]).toEqual([3, 96])
    for (let i = 0; i < 3; i++) inner.succeed()
    await settled()
    expect([inner.logins.length, engine.totalCount, engine.waitingCount]).toEqual([6, 10, 90])
    for (let i = 0; i < 6; i++) inner.succeed()
    await settled()
    // The engine's own queue.
    expect([inner.logins.length, inner.waitingCount, engine.waitingCount]).toEqual([0, 90, 90])
  })

  test('whoever comes first gets whatever comes first, and a login that nobody needs any more rests', async () => {
    const { world, inner, engine, ask } = setUp()
    for (const name of ['a', 'b', 'c', 'd']) ask(name)
    inner.succeed()
    for (const expected of ['ab', 'abc', 'abcd']) {
      world.releases.shift()?.()
      await settled()
      expect(world.outcomes.join('')).toBe(expected)
    }
    expect([inner.logins.length, engine.waitingCount]).toEqual([2, 0])
    inner.succeed()
    expect([world.outcomes.length, engine.idleCount]).toEqual([4, 1])
  })

  test('a server without room is asked again by one, after the pause, while the others hold', async () => {
    const { world, inner, engine, ask } = setUp()
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name)
    inner.succeed()
    await settled()
    expect(inner.logins).toHaveLength(3)
    inner.fail(FULL)
    inner.fail(FULL)
    inner.fail(FULL)
    await settled()
    expect([world.outcomes, engine.waitingCount]).toEqual([['a', FULL, FULL, FULL], 1])
    world.now = 80
    await expect.poll(() => inner.logins.length).toBe(1)
  })

  test('where nothing is to be waited for, a pause turns everybody away with what the server said', async () => {
    const { world, inner, engine, ask } = setUp()
    for (const name of ['a', 'b', 'c']) ask(name)
    inner.fail(FULL)
    inner.fail(FULL)
    await settled()
    ask('d')
    await settled()
    expect([engine.waitingCount, inner.logins.length]).toEqual([0, 0])
    const [, , held, late] = world.outcomes
    for (const error of [held, late]) {
      expect(error).toBeInstanceOf(NotTriedError)
      expect((error as NotTriedError).reason).toBe(FULL)
    }
    world.now = 40
    ask('e')
    expect(inner.logins).toHaveLength(1)
  })

  test('what is wrong with the login itself makes nobody wait', async () => {
    const { inner, ask } = setUp()
    for (const name of ['a', 'b', 'c']) ask(name)
    inner.fail(NO_LOGIN)
    await settled()
    expect(inner.logins).toHaveLength(2)
  })

  test('without pauses the next one tries at once', async () => {
    const { inner, ask } = setUp({ pausesAfterRefusal: false })
    for (const name of ['a', 'b', 'c']) ask(name)
    inner.fail(FULL)
    await settled()
    expect(inner.logins).toHaveLength(2)
  })

  test('without a login under way nobody waits longer than connectionTimeoutMillis', async () => {
    const { world, inner, engine, ask } = setUp({ connectionTimeoutMillis: 20 })
    for (const name of ['a', 'b', 'c']) ask(name)
    inner.succeed()
    inner.fail(FULL)
    await expect.poll(() => world.outcomes.length).toBe(3)
    expect(world.outcomes.slice(0, 2)).toEqual(['a', FULL])
    expect(String(world.outcomes[2])).toContain('timeout exceeded when trying to connect')
    expect(engine.waitingCount).toBe(0)
  })

  test('an engine that ends serves nobody who is held, and they count as waiting', async () => {
    const { world, inner, engine, ask } = setUp()
    for (const name of ['a', 'b', 'c']) ask(name)
    await engine.end()
    inner.succeed()
    await settled()
    expect([world.outcomes, engine.waitingCount]).toEqual([['a'], 1])
  })

  test('whatever becomes of the logins, everybody is served in order or turned away, and nobody is left', async () => {
    const step = fc.constantFrom('ask', 'succeed', 'fail', 'release', 'later')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { world, inner, engine, ask } = setUp({ max: 3 })
        let asked = 0
        for (const each of steps) {
          if (each === 'ask') ask(`${asked++}`)
          else if (each === 'succeed' && inner.logins.length > 0) inner.succeed()
          else if (each === 'fail' && inner.logins.length > 0) inner.fail(FULL)
          else if (each === 'release') world.releases.shift()?.()
          else if (each === 'later') world.now += 2000
          await settled()
          expect(inner.totalCount).toBeLessThanOrEqual(3)
        }
        for (let round = 0; world.outcomes.length < asked && round < 1000; round++) {
          world.now += 2000
          if (inner.logins.length > 0) inner.succeed()
          world.releases.shift()?.()
          await settled()
        }
        expect([world.outcomes.length, engine.waitingCount]).toEqual([asked, 0])
        const served = world.outcomes.filter((each) => typeof each === 'string').map(Number)
        expect(served).toEqual([...served].sort((one, other) => one - other))
      }),
    )
  })
})
