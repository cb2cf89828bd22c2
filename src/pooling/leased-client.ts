// A client in the hands of the application: it gives itself back when its connection dies, and being released after that
// does no harm.
import type { Release } from '../config/pool-engine.ts'
import { SESSION, type TrackedClient } from './tracked-client.ts'

/** Replaces `client.release`; the returned function is the same one. */
export function guardLease(client: TrackedClient, release: Release): Release {
  let state: 'leased' | 'released' | 'died' = 'leased'
  const onEnd = (): void => {
    // A holder that forgot it (an ORM whose BEGIN failed) must not drain the pool. One that heard of the end in this turn
    // releases it by itself, with what it has to say.
    setImmediate(() => {
      if (state !== 'leased') return
      state = 'died'
      release(true)
    })
  }
  client.once('end', onEnd)
  client[SESSION].onCut = (error) => refuse(client, error)
  const guarded: Release = (destroy) => {
    if (state === 'died') return
    client.removeListener('end', onEnd)
    client[SESSION].onCut = undefined
    state = 'released'
    // Some holders pass false: it says that they saw nothing wrong, not that nothing was left open.
    release(destroy || (isInTransaction(client) ?? destroy))
  }
  client.release = guarded as TrackedClient['release']
  return guarded
}

/** What one holder left open, the next one must not find. */
function isInTransaction(client: TrackedClient): boolean | undefined {
  const status = client.getTransactionStatus?.()
  return status === 'T' || status === 'E' ? true : undefined
}

interface Refusable {
  readonly submit?: unknown
  readonly callback?: unknown
  handleError?(error: Error, connection: unknown): void
}

/** What its holder asks for from now on fails with what became of it, in place of pg's word for any dead connection. */
function refuse(client: TrackedClient, error: Error): void {
  const query = (...given: readonly unknown[]): unknown => {
    const [first] = given as readonly [Refusable | string | undefined]
    if (typeof first === 'object' && typeof first.submit === 'function') {
      process.nextTick(() => first.handleError?.(error, client.connection))
      return first
    }
    const own = typeof first === 'object' ? first.callback : undefined
    const callback = given.find((argument) => typeof argument === 'function') ?? own
    if (typeof callback !== 'function') return Promise.reject(error)
    process.nextTick(callback as (error: Error) => void, error)
    return undefined
  }
  client.query = query as TrackedClient['query']
}
