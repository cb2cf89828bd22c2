// A pool that ends with its block, whatever happens in it.
import { Pool, type PoolOptions } from '../../src/index.ts'

export function disposablePool(options: PoolOptions): Pool & AsyncDisposable {
  const pool = new Pool(options)
  return Object.assign(pool, { [Symbol.asyncDispose]: () => (pool.ending ? Promise.resolve() : pool.end()) })
}
