// Which statements may be run in one batch with the question for their transaction: those that write in the transaction
// they are given, and mean the same as a prepared statement. Looks at the first words only; when in doubt, no.

const WRITES = /^(?:insert|update|delete|merge)\b/i
const WITH = /^with\b/i
const WRITES_WITHIN = /\b(?:insert|update|delete|merge)\b/i
/** White space and comments; a nested comment is not understood, and so not passed over. */
const LEADING = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/)+/
const SEVERAL = /;\s*\S/
const PLACEHOLDER = /\$\d/

/** `values`: whether values come with it. Without them pg sends a text as it is, be it several statements. */
export function isWitnessable(text: string, { values }: { readonly values: boolean }): boolean {
  const body = text.replace(LEADING, '')
  if (!WRITES.test(body) && !(WITH.test(body) && WRITES_WITHIN.test(body))) return false
  return values || !(SEVERAL.test(body) || PLACEHOLDER.test(body))
}

/** What a command tag such as `INSERT 0 5` says of it; null: it is none of a write that stays within its transaction. */
export function writtenRows(commandTag: string): number | null {
  const match = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(commandTag)
  return match === null ? null : Number(match[1])
}
