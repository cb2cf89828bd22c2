// Decides what an unknown option or parameter is: a fault, or pg's business. A plain pool, one host and no option of
// our own, is pg's drop-in: what pg ignores is handed on, unless it looks like one of our options mistyped.
import type { FaultList } from './fault-list.ts'
import { isHarmless } from './fault-list.ts'
import type { UnknownParameter } from './given-parameters.ts'
import { LOGIN_OPTIONS, OWN_OPTIONS, PG_OPTIONS } from './known-names.ts'
import { nearestName } from './nearest-name.ts'
import { STRING_NAMES } from './parameter-table.ts'

const OPTION_NAMES: readonly string[] = [...OWN_OPTIONS, ...PG_OPTIONS, ...LOGIN_OPTIONS]

export function isKnownOption(name: string): boolean {
  return OPTION_NAMES.includes(name)
}

export function checkUnknownOptions(
  names: readonly string[],
  { isPlain, faults }: { isPlain: boolean; faults: FaultList },
): void {
  for (const name of names) {
    if (isPlain && nearestName(name, OWN_OPTIONS) === undefined) continue
    const nearest = nearestName(name, OPTION_NAMES)
    const shown = isHarmless(name) ? name : `a name of ${name.length} characters`
    faults.add(shown, `unknown option${suggestion(nearest)}`)
  }
}

export function checkUnknownParameters(
  parameters: readonly UnknownParameter[],
  { isPlain, faults }: { isPlain: boolean; faults: FaultList },
): void {
  for (const { name, isQuotable } of parameters) {
    if (isPlain && nearestName(name, OWN_OPTIONS) === undefined) continue
    // The suggestion is one of our own words, so it may be given where the name itself may not.
    const nearest = suggestion(nearestName(name, STRING_NAMES))
    if (isQuotable) faults.add(name, `unknown parameter of the connection string${nearest}`)
    else {
      faults.add(
        'connectionString',
        `an unknown parameter, not shown as it may belong to a password (percent-encode '&' as %26 in it)${nearest}`,
      )
    }
  }
}

function suggestion(name: string | undefined): string {
  return name === undefined ? '' : `: did you mean '${name}'?`
}
