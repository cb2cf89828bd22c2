// The end of a node's pool over fake time and an engine whose logins come about when the test says so.
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EngineCallback, PoolEngine, PoolEngineFactory } from '../../../src/config/pool-engine.ts'
import { NodePool } from '../../../src/pooling/node-pool.ts'
import { ON_CREATE, SESSION, type TrackedClient } from '../../../src/pooling/tracked-client.ts'

/** Makes one client, and ends when that is gone. */
class SlowEngine extends EventEmitter implements PoolEngine {
  readonly totalCount = 1
  readonly idleCount = 0
  readonly waitingCount = 0
  readonly expiredCount = 0
  readonly client = Object.assign(new EventEmitter(), {
    [SESSION]: {},
    connection: { stream: { destroy: () => this.client.emit('end') } },
  }) as unknown as TrackedClient
  readonly #onCreate: (client: TrackedClient) => void
  #callback: EngineCallback = () => {}

  constructor(options: object) {
    super()
    this.#onCreate = (options as { [ON_CREATE]: (client: TrackedClient) => void })[ON_CREATE]
  }

  connect(callback: EngineCallback): void {
    this.#callback = callback
    this.#onCreate(this.client)
  }

  end(): Promise<void> {
    return new Promise((resolve) => this.client.once('end', () => resolve()))
  }

  loggedIn(): void {
    this.emit('connect', this.client)
    this.emit('acquire', this.client)
    this.#callback(undefined, this.client, () => this.emit('release', undefined, this.client))
  }
}

function open() {
  const engines: SlowEngine[] = []
  const makeEngine: PoolEngineFactory = (options) => {
    const engine = new SlowEngine(options)
    engines.push(engine)
    return engine
  }
  const pool = new NodePool({ node: 'a:5432', makeEngine, poolOptions: {}, onEvent: () => {} })
  const served = vi.fn()
  pool.acquire((error, _client, release) => {
    served(error)
    release()
  })
  const [engine] = engines
  if (engine === undefined) throw new Error('There is no engine')
  const cut = vi.fn()
  engine.client.once('end', cut)
  return { pool, engine, served, cut }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a login that takes its time comes about for who waits for it', async () => {
  const { pool, engine, served, cut } = open()
  const ended = pool.end(new Error('ended'))
  await vi.advanceTimersByTimeAsync(9000)
  expect(cut).not.toHaveBeenCalled()
  engine.loggedIn()
  expect(served).toHaveBeenCalledExactlyOnceWith(undefined)
  await vi.advanceTimersByTimeAsync(1000)
  await ended
})

test('a login that does not come about is cut off in the end', async () => {
  const { pool, cut } = open()
  const ended = pool.end(new Error('ended'))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(cut).toHaveBeenCalledOnce()
  await ended
})

test('a connection that came about for nobody has a second for its goodbye', async () => {
  const { pool, engine, cut } = open()
  engine.emit('connect', engine.client)
  const ended = pool.end(new Error('ended'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(cut).toHaveBeenCalledOnce()
  await ended
})

test('a connection that has been lent has a second for its goodbye', async () => {
  const { pool, engine, cut } = open()
  engine.loggedIn()
  const ended = pool.end(new Error('ended'))
  expect(cut).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1000)
  expect(cut).toHaveBeenCalledOnce()
  await ended
})

test('a login of a generation that is given up is nobody’s, and is cut off soon', async () => {
  const { pool, cut } = open()
  pool.invalidate('close')
  await vi.advanceTimersByTimeAsync(1000)
  expect(cut).toHaveBeenCalledOnce()
})
