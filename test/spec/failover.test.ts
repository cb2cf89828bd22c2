// Runs the tables of classify-error, retry-policy and give-up.
import { expect } from 'vitest'
import { NoFitNodeError, NoPrimaryError, PgHaError, SplitBrainError } from '../../src/errors.ts'
import type { BatchFate } from '../../src/failover/batch-fate.ts'
import { classifyError, type ErrorMeaning } from '../../src/failover/classify-error.ts'
import { giveUpError } from '../../src/failover/give-up.ts'
import {
  afterFailedConnect,
  afterFailedStatement,
  MOST_RERUNS,
  type NextStep,
} from '../../src/failover/retry-policy.ts'
import type { RouteRequest } from '../../src/routing/request.ts'
import { playAll, readPolicy, type Step, shortName } from '../support/cluster-script.ts'
import { specTable } from '../support/spec-table.ts'
import { strictMapping, strictWord } from '../support/strict-mapping.ts'

const table = (name: string): URL => new URL(`./failover/${name}.yaml`, import.meta.url)

interface ClassifyRow {
  readonly name: string
  readonly error: unknown
  readonly sign: string
  readonly connection: string
  readonly kind: string
}

specTable<ClassifyRow>(table('classify'), { required: ['error', 'sign', 'connection', 'kind'] }, (row) => {
  const { sign, connection, kind } = classifyError(errorFrom(row.error))
  expect({ sign: sign ?? 'none', connection, kind }).toEqual({
    sign: row.sign,
    connection: row.connection,
    kind: row.kind,
  })
})

/** A mapping is an Error with these properties, anything else is thrown as it is. */
function errorFrom(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given
  const { message, errors, cause, ...rest } = strictMapping(given, {
    optional: ['message', 'code', 'severity', 'detail', 'errors', 'cause', 'errno', 'routine'],
  })
  const options = cause === undefined ? undefined : { cause: errorFrom(cause) }
  const text = (message as string | undefined) ?? 'something'
  const error = Array.isArray(errors)
    ? new AggregateError(errors.map(errorFrom), text, options)
    : new Error(text, options)
  return Object.assign(error, rest)
}

interface RetryRow {
  readonly name: string
  readonly connect?: unknown
  readonly statement?: unknown
  readonly step: NextStep
}

const KINDS: readonly ErrorMeaning['kind'][] = [
  ...(['connection', 'refusedReadOnly', 'overloaded', 'poolFull', 'login'] as const),
  ...(['unsupportedStartup', 'timeout', 'conflict', 'application', 'other'] as const),
]
const FLAGS = [
  ...(['sent', 'repeatable', 'readOnlySession', 'roleReported', 'reportedByPostgres', 'repeated'] as const),
  'onStandby' as const,
]

specTable<RetryRow>(table('retry'), { required: ['step'], optional: ['connect', 'statement'] }, (row) => {
  expect([row.connect, row.statement].filter((given) => given !== undefined)).toHaveLength(1)
  const outcomes = row.connect === undefined ? statementSteps(row.statement) : connectSteps(row.connect)
  expect(outcomes).toEqual(outcomes.map((outcome) => ({ ...outcome, step: row.step })))
})

function meaningOf(kind: unknown): ErrorMeaning {
  return { sign: null, connection: 'lost', kind: strictWord(kind, KINDS) }
}

function connectSteps(given: unknown): readonly { step: NextStep }[] {
  const { kind, intent } = strictMapping(given, { required: ['kind', 'intent'] })
  const meaning = meaningOf(kind)
  const request = { target: 'primary', intent: strictWord(intent, ['read', 'write']) } as const
  return [{ step: afterFailedConnect(meaning, request) }]
}

const BATCHES: readonly BatchFate[] = ['notCommitted', 'named', 'dark']

/** `any`, or nothing said, stands for both values of a flag. */
function statementSteps(given: unknown): readonly { step: NextStep }[] {
  const { kind, batch, reruns, conflicts, ...flags } = strictMapping(given, {
    required: ['kind'],
    optional: [...FLAGS, 'batch', 'reruns', 'conflicts'],
  })
  const batches = batch === undefined ? BATCHES : [strictWord(batch, BATCHES)]
  const counts = reruns === undefined ? [0, MOST_RERUNS] : [reruns === 'all' ? MOST_RERUNS : 0]
  const combinations = FLAGS.reduce<readonly Record<string, boolean>[]>(
    (list, flag) => {
      const value = flags[flag] ?? 'any'
      const values = value === 'any' ? [true, false] : [value as boolean]
      return list.flatMap((before) => values.map((each) => ({ ...before, [flag]: each })))
    },
    [{}],
  )
  return combinations.flatMap((combination) =>
    batches.flatMap((fate) =>
      counts.map((count) => {
        const flagged = combination as Record<(typeof FLAGS)[number], boolean>
        const failed = { ...flagged, batch: fate, reruns: count, conflicts: Number(conflicts ?? 0) }
        return { ...failed, step: afterFailedStatement({ meaning: meaningOf(kind), ...failed }) }
      }),
    ),
  )
}

interface GiveUpRow {
  readonly name: string
  readonly phases: readonly Step[]
  readonly policy?: unknown
  readonly request: unknown
  readonly why: 'deadline' | 'queueFull'
  readonly waited: number
  readonly now: number
  readonly class: string
  readonly code: string
  readonly message: string
  readonly claimants?: readonly string[]
  readonly nodes?: readonly unknown[]
}

const GIVE_UP = {
  required: ['phases', 'request', 'why', 'waited', 'now', 'class', 'code', 'message'],
  optional: ['policy', 'claimants', 'nodes'],
}

specTable<GiveUpRow>(table('give-up'), GIVE_UP, (row) => {
  const state = playAll(row.phases, { policy: readPolicy(row.policy) })
  const request = strictMapping(row.request, { required: ['target', 'intent'] }) as unknown as RouteRequest
  const error = giveUpError(state, { request, why: row.why, waitedMillis: row.waited, nowMillis: row.now })
  if (!(error instanceof NoFitNodeError)) throw error
  expect(error).toBeInstanceOf(PgHaError)
  expect(error instanceof NoPrimaryError).toBe(row.class === 'NoPrimaryError')
  expect(error instanceof SplitBrainError).toBe(row.class === 'SplitBrainError')
  expect([error.name, error.code, error.message.replaceAll(':5432', '')]).toEqual([
    row.class,
    row.code,
    row.message,
  ])
  expect(error.waitedMillis).toBe(Math.round(row.waited))
  const claimants = error instanceof SplitBrainError ? error.claimants.map(shortName) : undefined
  expect(claimants).toEqual(row.claimants)
  if (row.nodes !== undefined) {
    expect(error.nodes.map((node) => ({ ...node, node: shortName(node.node) }))).toEqual(
      row.nodes.map((node) => ({
        ...{ code: undefined, phase: null, address: null, elapsedMillis: null },
        ...strictMapping(node, {
          required: ['node', 'host', 'state', 'role', 'forMillis'],
          optional: ['code', 'phase', 'address', 'elapsedMillis'],
        }),
      })),
    )
  }
})
