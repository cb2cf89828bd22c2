// Takes a connection for whoever can wait for it, or give it up; and a lease given back in another way.
import type { RouteRequest } from '../routing/request.ts'
import { onAbort } from './abort-listener.ts'
import type { Attempt, Lease } from './attempt.ts'
import type { Dispatcher } from './dispatcher.ts'

/** Each field by its name: V8 takes microseconds over a spread that something is changed in. */
export function leaseWith(lease: Lease, release: Lease['release'], isStale = lease.isStale): Lease {
  const { client, pool } = lease
  return isStale === undefined ? { client, release, pool } : { client, release, pool, isStale }
}

/** Rejects as the dispatcher does, or at once with the signal's reason; what comes after that goes back unused. */
export function takeLease(
  dispatcher: Dispatcher,
  { request, signal }: { request: RouteRequest; signal?: AbortSignal | undefined },
): Promise<Lease> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const attempt: Attempt = {
      request,
      failures: 0,
      sinceMillis: null,
      mayBeWithdrawn: signal !== undefined,
      callback: (error, lease) => {
        stop?.()
        if (lease === null) reject(error)
        else if (signal?.aborted) lease.release()
        else resolve(lease)
      },
    }
    const stop =
      signal &&
      onAbort(signal, () => {
        dispatcher.withdraw(attempt)
        reject(signal.reason)
      })
    dispatcher.acquire(attempt)
  })
}
