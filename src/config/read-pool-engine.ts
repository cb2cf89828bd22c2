// Reads the option that says what keeps the connections: a name, or a factory. Knows no engine.
import { describeValue, type FaultList } from './fault-list.ts'
import type { GivenOptions } from './given-options.ts'
import type { PoolEngineFactory, PoolEngineName } from './pool-engine.ts'

const NAMES: readonly PoolEngineName[] = ['pg-pool', 'none']

export function readPoolEngine(
  sources: readonly GivenOptions[],
  faults: FaultList,
): PoolEngineName | PoolEngineFactory {
  const given = sources.map((source) => source.get('poolEngine')).find((each) => each !== undefined)
  if (given === undefined) return 'pg-pool'
  if (typeof given.value === 'function') return given.value as PoolEngineFactory
  const name = NAMES.find((each) => each === given.value)
  if (name !== undefined) return name
  const expected = `${NAMES.join(', ')}, or a function such as genericPool() of pg-ha/generic-pool makes`
  faults.add(given.label, `${describeValue(given.value)} given, expected ${expected}`)
  return 'pg-pool'
}
