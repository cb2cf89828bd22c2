// Whether a fault has had the effect that its scenario waits for.
import { assertNever } from '../../../src/topology/assert-never.ts'
import type { ClusterWatch } from '../cluster-watch.ts'
import type { Lab, LabHost } from '../port.ts'
import type { Effect } from './scenario.ts'

export interface Scene {
  readonly watch: ClusterWatch
  readonly lab: Lab
  /** The primary before the fault. */
  readonly before: LabHost
  readonly faultAt: number
}

export function hasEffect(effect: Effect, { watch, lab, before, faultAt }: Scene): boolean {
  const primaries = watch.hostsThatAre('primary')
  const hasChanged = watch.sightings.some(({ at }) => at >= faultAt)
  switch (effect) {
    case 'none':
      return true
    case 'newPrimary':
      return primaries.some(({ name }) => name !== before.name)
    case 'primaryAgain':
      return hasChanged && primaries.length > 0
    case 'noPrimary':
      return primaries.length === 0
    case 'twoPrimaries':
      return primaries.length === 2
    case 'standbyAway':
      return watch.hostsThatAre('standby').length < lab.hosts.length - 1
    case 'addressMoved':
      return watch.holders.length === 1 && watch.holdings.some(({ at }) => at >= faultAt)
    case 'twoHolders':
      return watch.holders.length === 2
    default:
      return assertNever(effect)
  }
}
