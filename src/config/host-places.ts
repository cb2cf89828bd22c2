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
  const own = Array.isArray(entries) && entries.length === hosts.length ? entries.map(placeOf) : []
  const list = (name: 'zone' | 'weight') => itemsOf(name, { sources, count: hosts.length, faults })
  const zones = list('zone') ?? own.map((entry) => entry.zone)
  const weights = list('weight') ?? own.map((entry) => entry.weight)
  if (zones.every(isMissing) && weights.every(isMissing)) return hosts
  return Object.freeze(
    hosts.map((host, i) => {
      const zone = zoneOf(zones.length === 1 ? zones[0] : zones[i], i, faults)
      const weight = weightOf(weights.length === 1 ? weights[0] : weights[i], i, faults)
      return Object.freeze({
        ...host,
        ...(zone === undefined ? {} : { zone }),
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
  const items = listOf(given.value)
  if (items === undefined) {
    faults.add(
      given.label,
      `${describeValue(given.value)} given, expected a list or a comma-separated string`,
    )
    return undefined
  }
  if (items.length === 1 || items.length === count) return items
  faults.add(given.label, `could not match ${items.length} items to ${count} hosts`)
  return undefined
}

function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  return typeof value === 'string' || typeof value === 'number' ? String(value).split(',') : undefined
}

/** An entry that is no object is a fault of the host list, told there. */
function placeOf(entry: unknown): Pick<HostEntry, 'zone' | 'weight'> {
  return typeof entry === 'object' && entry !== null ? entry : {}
}

function isMissing(item: unknown): boolean {
  return item === undefined || item === null || item === ''
}

function zoneOf(item: unknown, index: number, faults: FaultList): string | undefined {
  if (isMissing(item)) return undefined
  if (typeof item === 'string' || typeof item === 'number') return String(item)
  faults.add('zone', `host ${index + 1}: ${describeValue(item)} given, expected a string`)
  return undefined
}

function weightOf(item: unknown, index: number, faults: FaultList): number | undefined {
  if (isMissing(item)) return undefined
  const weight = typeof item === 'string' ? Number(item.trim() || Number.NaN) : item
  if (typeof weight === 'number' && weight > 0 && Number.isFinite(weight)) return weight
  faults.add('weight', `host ${index + 1}: ${describeValue(item)} given, expected a number above 0`)
  return undefined
}
