// What is given and cannot be had: said once where nothing is lost by it, refused where ignoring it would be unsafe.
// Never shows a value.
import type { FaultList } from './fault-list.ts'
import type { SourceList } from './given-parameters.ts'
import { PARAMETERS } from './parameter-table.ts'

export function checkWithoutEffect(
  sources: SourceList,
  { usesSockets, faults, notices }: { usesSockets: boolean; faults: FaultList; notices: string[] },
): void {
  for (const { name, effect } of PARAMETERS) {
    const given = effect.kind === 'notice' || effect.kind === 'refused' ? sources.find(name) : undefined
    if (given === undefined || (effect.kind !== 'notice' && effect.kind !== 'refused')) continue
    const harmless = effect.harmless ?? []
    if (harmless.includes(String(given.value).trim())) continue
    // Over TCP libpq has no use for it either.
    if (name === 'requirepeer' && !usesSockets) continue
    if (effect.kind === 'notice') notices.push(`${given.label} has no effect: ${effect.why}`)
    else {
      const expected = harmless.length === 0 ? '' : `, expected ${harmless.join(', ')}`
      faults.add(given.label, `must not be ignored, and ${effect.why}${expected}`)
    }
  }
}
