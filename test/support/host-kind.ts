// The kinds of host that the tables of choices speak of, and the lists made of them.

/**
 * - `primary_ro`: a primary whose `default_transaction_read_only` is on
 * - `down`: refuses connections
 * - `silent`: accepts a connection and says nothing
 * - `hang`: says AuthenticationOk and then nothing
 * - `err:SQLSTATE`: FATAL before authentication
 * - `late:SQLSTATE`: FATAL after AuthenticationOk
 */
export type HostKind =
  | 'primary'
  | 'primary_ro'
  | 'standby'
  | 'down'
  | 'silent'
  | 'hang'
  | `err:${string}`
  | `late:${string}`

const WORDS: readonly string[] = ['primary', 'primary_ro', 'standby', 'down', 'silent', 'hang']

export function readHostKind(word: string): HostKind {
  if (WORDS.includes(word) || /^(err|late):[0-9A-Z]{5}$/.test(word)) return word as HostKind
  throw new Error(`'${word}' is no kind of host`)
}

/** The kind's SQLSTATE, where it is one that fails with one. */
export function sqlStateOf(kind: HostKind): string | null {
  return /^(?:err|late):(.*)$/.exec(kind)?.[1] ?? null
}

export function isClaiming(kind: HostKind): boolean {
  return kind === 'primary' || kind === 'primary_ro'
}

/** All lists of 1 to `most` hosts of these kinds. */
export function* listsOf(kinds: readonly HostKind[], most: number): Generator<readonly HostKind[]> {
  if (most === 0) return
  for (const kind of kinds) {
    yield [kind]
    for (const rest of listsOf(kinds, most - 1)) yield [kind, ...rest]
  }
}
