// Rows of the dialects' tables that come out differently here on purpose, by name: what is different, and why.
export interface DialectDifference {
  readonly theirs: string
  readonly ours: string
  readonly reason: string
}

export const libpqDifferences = {
  'libpq-001-63': {
    theirs:
      'its test prints what differs from the defaults, and sslmode=verify-full is one with PGSSLROOTCERT=system',
    ours: 'parameters are given as written, before defaults',
    reason: 'What stands in the text does not depend on the environment',
  },
  'mh-53': {
    theirs: 'takes `p2@h2:5433` for a port, and refuses it when it connects',
    ours: 'refuses it when the text is parsed',
    reason: 'Hosts are resolved at once, and a text that cannot be connected to is told of before it is used',
  },
} as const satisfies Readonly<Record<string, DialectDifference>>

export const jdbcDifferences = {
  'source-01': {
    theirs: 'takes `u:p@h1` for a host name',
    ours: 'refuses an `@` among the hosts and says where user and password go',
    reason: 'A password must not be looked up as a host name',
  },
  'source-02': {
    theirs: 'leaves `%68ost` as it is',
    ours: 'decodes it to `host`',
    reason: 'No host name holds a percent sign; the rest of the URL is decoded',
  },
} as const satisfies Readonly<Record<string, DialectDifference>>
