// The labs in network namespaces that there are, by the name that the command line gives them.
import { PatroniLab } from './namespaces/patroni-lab.ts'
import { RepmgrLab } from './namespaces/repmgr-lab.ts'
import { PATRONI_PROGRAMS, REPMGR_PROGRAMS, VIP_MANAGER_PROGRAMS } from './needs.ts'
import type { Lab } from './port.ts'
import { patroniScenarios } from './scenarios/patroni.ts'
import { repmgrScenarios } from './scenarios/repmgr.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { vipManagerScenarios } from './scenarios/vip-manager.ts'

export interface LabKind {
  readonly scenarios: readonly Scenario[]
  readonly programs: readonly string[]
  /** Labs of different numbers can be up at once, of one kind or of several. */
  make(number: number): Lab
}

export const kinds = {
  patroni: {
    scenarios: patroniScenarios,
    programs: PATRONI_PROGRAMS,
    make: (number: number): Lab => new PatroniLab(number),
  },
  'vip-manager': {
    scenarios: vipManagerScenarios,
    programs: VIP_MANAGER_PROGRAMS,
    make: (number: number): Lab => new PatroniLab(number, 'vip-manager'),
  },
  repmgr: {
    scenarios: repmgrScenarios,
    programs: REPMGR_PROGRAMS,
    make: (number: number): Lab => new RepmgrLab(number),
  },
} satisfies Record<string, LabKind>

/** Undefined: there is none of this name. */
export function kindNamed(name: string): LabKind | undefined {
  return Object.entries(kinds).find(([each]) => each === name)?.[1]
}
