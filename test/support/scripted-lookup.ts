// A lookup function whose answers the test changes: what net.connect and a Pool take in place of dns.lookup.
import type { LookupFunction } from '../../src/config/settings.ts'

/** Addresses, an error code, or `never` for a lookup that is not answered. */
export type Leads = readonly string[] | { readonly fails: string } | 'never'

export class ScriptedLookup {
  /** Every name asked for, in order. */
  readonly asked: string[] = []
  readonly #leads = new Map<string, Leads>()

  constructor(leads: Readonly<Record<string, Leads>>) {
    for (const [name, to] of Object.entries(leads)) this.#leads.set(name, to)
  }

  set(name: string, to: Leads): void {
    this.#leads.set(name, to)
  }

  readonly lookup: LookupFunction = (name, { all }, answer) => {
    this.asked.push(name)
    const leads = this.#leads.get(name) ?? { fails: 'ENOTFOUND' }
    if (leads === 'never') return
    queueMicrotask(() => {
      if ('fails' in leads) {
        answer(Object.assign(new Error(`lookup ${leads.fails} ${name}`), { code: leads.fails }), [])
        return
      }
      const found = leads.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      if (all === true) answer(null, found)
      else answer(null, found[0]?.address ?? '', found[0]?.family)
    })
  }
}
