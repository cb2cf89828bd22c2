// The tables of docs/errors.md, as the code has them: what an error says of the node and of its connection, and what is done
// about the request that met it.
import { ERROR_ROWS, type ErrorMeaning, type ErrorRow } from '../../src/failover/error-table.ts'
import {
  afterFailedConnect,
  afterFailedStatement,
  type FailedStatement,
  type NextStep,
} from '../../src/failover/retry-policy.ts'
import { applyFailure } from '../../src/topology/apply-failure.ts'
import { applyProbe } from '../../src/topology/apply-probe.ts'
import { findNode, initialView } from '../../src/topology/cluster-view.ts'
import { sighting } from './sighting.ts'

const HOST = { host: 'a', port: 5432 }
const NODE = 'a:5432'

/** What is done, as the document says it. */
const IN_WORDS: Readonly<Record<NextStep, string>> = {
  fail: 'the error, as it is',
  tryAgain: 'again',
  tryLater: 'after a pause, again',
  tryElsewhere: 'again, elsewhere if it can',
  tryPlain: 'again, without start-up options of ours',
  leaveStandby: 'on another standby, else the primary',
  leaveStandbys: 'on the primary',
  findOut: 'looked for',
  notApplied: '`NotAppliedError`',
  outcomeUnknown: '`OutcomeUnknownError`',
}

const LABELS: Readonly<Record<ErrorRow['by'], (of: string) => string>> = {
  sqlState: (of) => (of === '*' ? 'FATAL, any other' : `FATAL \`${of}\``),
  sqlClass: (of) => `FATAL \`${of}…\``,
  statement: (of) => (of === '*' ? 'ERROR, any other' : `ERROR \`${of}\``),
  system: (of) => `\`${of}\``,
  own: (of) => `\`${of}\``,
  message: (of) => (of === '*' ? 'anything else' : `"${of}"`),
  replay: (of) => `ERROR \`${of}\`, with a detail`,
  pooler: (of) => `"… ${of} …"`,
}

export function errorLabel({ by, of }: ErrorRow): string {
  return LABELS[by](of)
}

/** Label, node, connection, kind. */
export function errorCells(): readonly (readonly string[])[] {
  return ERROR_ROWS.map((row) => [errorLabel(row), nodeInWords(row), row.connection, row.kind])
}

/** What a primary is believed to be after a connection of the application's has met it. */
function nodeInWords({ sign }: ErrorMeaning): string {
  if (sign === null) return '–'
  const host = { ...HOST, entry: NODE, name: NODE, address: null }
  const answer = sighting('primary tl=1', 0)
  const view = initialView([host] as never, 0)
  if (answer.kind !== 'answer') throw new Error('An answer was expected')
  const seen = applyProbe(view, NODE, answer)
  const failure = {
    kind: 'failure',
    askedAtMillis: 1,
    sign,
    seenBy: 'pool',
    code: undefined,
    message: '',
  } as const
  const { state } = findNode(applyFailure(seen, NODE, { failure, nowMillis: 1 }), NODE) ?? {}
  return state === 'primary' ? '–' : `${state}`
}

/** Kind; while connecting: a write, a read; unsent; sent: a read; a write by what is known of its commit. */
export function kindCells(): readonly (readonly string[])[] {
  const kinds = [...new Set(ERROR_ROWS.map(({ kind }) => kind))]
  return kinds.map((kind) => {
    const meaning: ErrorMeaning = { sign: null, connection: 'lost', kind }
    const connect = (intent: 'read' | 'write') =>
      IN_WORDS[afterFailedConnect(meaning, { target: 'primary', intent } as never)]
    const base: FailedStatement = {
      ...{ meaning, repeatable: true, sent: true, readOnlySession: false, roleReported: true },
      ...({ reportedByPostgres: false, repeated: false, batch: 'dark', reruns: 0 } as const),
      ...{ onStandby: false, conflicts: 0 },
    }
    const statement = (about: Partial<FailedStatement>) =>
      IN_WORDS[afterFailedStatement({ ...base, ...about })]
    return [
      kind,
      connect('write'),
      connect('read'),
      statement({ sent: false }),
      statement({ readOnlySession: true, onStandby: true }),
      statement({ batch: 'notCommitted' }),
      statement({ batch: 'named' }),
      statement({}),
    ]
  })
}
