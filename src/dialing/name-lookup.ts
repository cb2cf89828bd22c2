// One look-up of a host name: all of its addresses, in the resolver's order. Knows nothing of ports or connections.
import { lookup as systemLookup } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction } from '../config/settings.ts'

/** Rejects as the look-up does, or with ENOTFOUND when it finds nothing. An address is its own answer. */
export function lookUp(host: string, lookup: LookupFunction = systemLookup): Promise<readonly string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host])
  return new Promise((resolve, reject) => {
    // A function of the application's may throw at once: the promise then rejects.
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      if (error !== null && error !== undefined) {
        reject(error)
        return
      }
      const addresses = addressesOf(found).filter((address) => isIP(address) !== 0)
      if (addresses.length > 0) resolve(addresses)
      else reject(nothingFound(host))
    })
  })
}

/** One text where the function knows no `all`, else what dns.lookup gives. It is the application's: anything may come. */
function addressesOf(found: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(found) ? found : [found]
  return list
    .map((item) => (typeof item === 'string' ? item : (item as { address?: unknown } | null)?.address))
    .filter((address) => typeof address === 'string')
}

function nothingFound(host: string): Error {
  return Object.assign(new Error(`lookup ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host })
}
