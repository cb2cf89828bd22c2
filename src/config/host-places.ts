// The zone and the weight of each host, from lists beside the host list or from its entries. Knows nothing of what they
// are good for.
import type { Host } from '../topology/host.ts'
import { describeValue, type FaultList } from './fault-list.ts'
import type { GivenOptions } from './given-options.ts'
import type { HostEntry } from './pool-options.ts'

/** The same hosts, in the same order. One item counts for all of them. */
export function withPlaces(
  hosts: readonly Host[],
  { sources, entries, faults }: { sources: readonly GivenOptions[]; entries: unknown; faults: FaultList },
): readonly Host[] {
  const own = Array.isArray(entries) && entries.length === hosts.length ? (entries as HostEntry[]) : []
  const list = (name: 'zone' | 'weight') => itemsOf(name, { sources, count: hosts.length, faults })
  const zones = list('zone') ?? own.map((entry) => entry.zone)
  const weights = list('weight') ?? own.map((entry) => entry.weight)
  if (zones.every(isMissing) && weights.every(isMissing)) return hosts
  return Object.freeze(
    hosts.map((host, i) => {
      const zone = zones.length === 1 ? zones[0] : zones[i]
      const weight = weightOf(weights.length === 1 ? weights[0] : weights[i], i, faults)
      return Object.freeze({
        ...host,
        ...(isMissing(zone) ? {} : { zone: String(zone) }),
        ...(weight === undefined ? {} : { weight }),
      })
    }),
  )
}

function itemsOf(
  name: 'zone' | 'weight',
  { sources, count, faults }: { sources: readonly GivenOptions[]; count: number; faults: FaultList },
): readonly unknown[] | undefined {
  const given = sources.map((source) => source.get(name)).find((each) => each !== undefined)
  if (given === undefined) return undefined
  const items: readonly unknown[] = Array.isArray(given.value) ? given.value : String(given.value).split(',')
  if (items.length === 1 || items.length === count) return items
  faults.add(given.label, `could not match ${items.length} items to ${count} hosts`)
  return undefined
}

function isMissing(item: unknown): boolean {
  return item === undefined || item === null || item === ''
}

function weightOf(item: unknown, index: number, faults: FaultList): number | undefined {
  if (isMissing(item)) return undefined
  const weight = typeof item === 'string' ? Number(item.trim() || Number.NaN) : item
  if (typeof weight === 'number' && weight > 0 && Number.isFinite(weight)) return weight
  faults.add('weight', `host ${index + 1}: ${describeValue(item)} given, expected a number above 0`)
  return undefined
}
