// Reads a nested mapping of a YAML table: a misspelt key fails instead of being ignored. Knows nothing of what it means.

export function strictMapping(
  value: unknown,
  keys: { readonly required?: readonly string[]; readonly optional?: readonly string[] },
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`A mapping was expected, not ${JSON.stringify(value)}`)
  }
  const { required = [], optional = [] } = keys
  const known = [...required, ...optional]
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw new Error(`Unknown key '${key}'; known are ${known.join(', ')}`)
  }
  for (const key of required) {
    if (!Object.hasOwn(value, key)) throw new Error(`Missing key '${key}' in ${JSON.stringify(value)}`)
  }
  return value as Record<string, unknown>
}

/** One of a closed set of words. */
export function strictWord<Word extends string>(value: unknown, words: readonly Word[]): Word {
  const found = words.find((word) => word === value)
  if (found === undefined) throw new Error(`${JSON.stringify(value)} is none of ${words.join(', ')}`)
  return found
}
