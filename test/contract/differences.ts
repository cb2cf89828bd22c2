// Where our Pool differs from pg.Pool on purpose: all of it, and why. What is not named here is the same; each entry is
// proven on both by differences.test.ts.

export interface Difference {
  /** What pg.Pool does. */
  readonly pgPool: string
  readonly ours: string
  readonly reason: string
}

/** With one host and with several. */
export const everywhere = {
  keepsConnectionAfterSqlError: {
    pgPool: 'a failed statement of pool.query costs its connection',
    ours: 'a connection outlives the failed statements of pool.query',
    reason:
      'A unique violation says nothing against a connection; a new one costs more than the statement did',
  },
  settlesWaitingAtEnd: {
    pgPool: 'one who waits for a client when the pool ends waits for ever',
    ours: 'one who waits for a client when the pool ends is refused',
    reason: 'Every wait has an end',
  },
  survivesIdleDeath: {
    pgPool: 'the death of an idle client ends a process that listens to no error',
    ours: 'the death of an idle client is survived by a process that listens to no error',
    reason: 'That a server goes down is what the pool is for',
  },
  survivesLeasedDeath: {
    pgPool: 'the death of a leased client ends a process that listens to no error',
    ours: 'the death of a leased client is survived by a process that listens to no error',
    reason:
      'Its holder hears of it at the next statement; libraries that take clients put no listener on them',
  },
  lostClientGivesItselfBack: {
    pgPool: 'a lost client takes up room until its holder releases it, once',
    ours: 'a lost client gives itself back, and releasing it later does no harm',
    reason: 'A holder that forgets a broken client (an ORM whose BEGIN failed) must not drain the pool',
  },
  endsOpenTransactions: {
    pgPool: 'a client released within a transaction is handed to the next one, transaction and all',
    ours: 'a client released within a transaction is removed',
    reason: 'What one holder left open, the next one must not write into',
  },
  optionsOverConnectionString: {
    pgPool: 'the connection string counts more than the options beside it',
    ours: 'the options count more than the connection string beside them',
    reason: 'What stands in the code is said on purpose; the string is often given from outside',
  },
  resolvesConnectionString: {
    pgPool: 'shows a connection string in its options, password and all',
    ours: 'shows what the connection string said in its options, without the password',
    reason: 'A list of hosts is no option of pg; and a password is not to be shown',
  },
  refusesBadOptions: {
    pgPool: 'takes any options and fails when it is used',
    ours: 'refuses options that cannot be meant, all of them at once',
    reason: 'A fault of the configuration shows at the start',
  },
  endsLater: {
    pgPool: 'a pool without clients has ended when end returns',
    ours: 'a pool without clients has ended when the promise of end resolves',
    reason: 'The end of several pools is awaited; one rule for all of them',
  },
  callsBackInContext: {
    pgPool:
      'the callback of one who waited for a client is called in the async context of whoever released it',
    ours: 'the callback of one who waited for a client is called in its own async context',
    reason: 'Tracers and loggers go by it: with pg.Pool they take one request for another',
  },
} as const satisfies Readonly<Record<string, Difference>>

/** With several hosts only: with one, ours does what pg.Pool does. */
export const withSeveralHosts = {
  looksBeforeConnecting: {
    pgPool: 'the very first client is made in the same tick as the call',
    ours: 'the very first client is made when it is known which node is which',
    reason: 'A primary must be found before it can be written to',
  },
  waitsForRefusingNodes: {
    pgPool: 'a refused connection rejects connect at once, with the code of the system',
    ours: 'refused connections are waited out, and then reported together',
    reason: 'A node that refuses may be starting, and another one may take its place',
  },
  waitsForSilentNodes: {
    pgPool: 'a host that does not answer within connectionTimeoutMillis rejects connect',
    ours: 'hosts that do not answer are waited for, and then reported together',
    reason: 'Another node may take the place of a silent one',
  },
  saysThatOutcomeIsUnknown: {
    pgPool: 'a connection that ends under a statement rejects it as terminated',
    ours: 'a connection that ends under a statement rejects it as lost, with an unknown outcome',
    reason: 'The caller must be able to tell what may have been applied from what was not',
  },
  refusesWaitingForNodeAtEnd: {
    pgPool: 'a very first statement is answered although the end follows at once',
    ours: 'a very first statement is refused when the end follows before a node is found',
    reason: 'The end does not wait for a cluster that may be down',
  },
} as const satisfies Readonly<Record<string, Difference>>

/** On an engine other than pg-pool only. */
export const onOtherEngines = {
  keepsNone: {
    pgPool: 'a client that comes back is kept, and handed out again',
    ours: 'with the engine none, a client that comes back is ended',
    reason: 'That is what it is chosen for: a pooler between here and the server keeps the connections',
  },
  sweepsIdleClients: {
    pgPool: 'an idle client is removed when its time is over',
    ours: 'with genericPool, an idle client is removed at the first sweep after its time is over',
    reason: 'One timer looks over all idle clients, instead of one each',
  },
} as const satisfies Readonly<Record<string, Difference>>
