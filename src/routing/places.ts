// What is said of the hosts themselves: how much of the load each should carry, and where it stands. Knows nothing of
// their state.
import { entryNames, type Host } from '../topology/host.ts'
import type { NodeView } from '../topology/node-view.ts'

export interface Places {
  /** Its share relative to the others'; above 0. */
  weight(node: NodeView): number
  /** Whether it stands where reads are to stay; true for all where no zone is preferred. */
  isNear(node: NodeView): boolean
}

export const ALIKE: Places = { weight: () => 1, isNear: () => true }

export function placesOf(hosts: readonly Host[], preferZone: string | undefined): Places {
  const names = entryNames(hosts)
  const byEntry = new Map(hosts.map((host, i) => [names[i] ?? '', host]))
  return {
    weight: ({ entry }) => byEntry.get(entry)?.weight ?? 1,
    isNear: ({ entry }) => preferZone === undefined || byEntry.get(entry)?.zone === preferZone,
  }
}
