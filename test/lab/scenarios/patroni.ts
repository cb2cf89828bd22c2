// Every row of the matrix, for the Patroni lab.
import { frontScenarios } from './patroni-front.ts'
import { serverScenarios } from './patroni-servers.ts'
import type { Scenario } from './scenario.ts'

export const patroniScenarios: readonly Scenario[] = [...frontScenarios, ...serverScenarios]
