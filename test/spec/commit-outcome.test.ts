// Runs the tables of commit-outcome, batch-fate and witnessable.
import { expect } from 'vitest'
import { endedInOrder, fateOfBatch } from '../../src/failover/batch-fate.ts'
import {
  type FateFinding,
  fateOfUnnumbered,
  judgeFate,
  type LostCommit,
  type PrimaryTestimony,
  type TransactionStatus,
} from '../../src/failover/commit-outcome.ts'
import { isWitnessable } from '../../src/failover/witnessable.ts'
import { specTable } from '../support/spec-table.ts'
import { strictMapping, strictWord } from '../support/strict-mapping.ts'

const table = (name: string): URL => new URL(`./failover/${name}.yaml`, import.meta.url)

interface OutcomeRow {
  readonly name: string
  readonly lost?: unknown
  readonly seen?: unknown
  readonly fate: FateFinding['fate']
}

const STATUSES: readonly TransactionStatus[] = [
  ...(['committed', 'aborted', 'in progress', 'never assigned', 'forgotten'] as const),
]

specTable<OutcomeRow>(table('commit-outcome'), { required: ['fate'], optional: ['lost', 'seen'] }, (row) => {
  const lost = lostCommit(row.lost)
  const finding = row.seen === undefined ? fateOfUnnumbered(lost) : judgeFate(lost, testimony(row.seen))
  if (row.seen !== undefined) expect(fateOfUnnumbered(lost)).toBeNull()
  expect(finding?.fate).toBe(row.fate)
  expect(finding?.reason).toMatch(/^\S.*[^.]$/)
})

function lostCommit(given: unknown = {}): LostCommit {
  const { xid, system, unnumbered } = strictMapping(given, { optional: ['xid', 'system', 'unnumbered'] })
  const serverStart = '100'
  const witness = {
    xid: xid === 'none' ? null : '700',
    lsn: '0/5000',
    timeline: 3,
    serverStart,
    client: null,
  }
  return {
    node: 'a:5432',
    witness,
    systemIdentifier: system === 'none' ? null : '77',
    mayWriteUnnumbered: unnumbered !== false,
  }
}

function testimony(given: unknown): PrimaryTestimony {
  const { node, timeline, start, status, recovered, left, system, last } = strictMapping(given, {
    required: ['node', 'timeline', 'start', 'status'],
    optional: ['recovered', 'left', 'system', 'last'],
  })
  return {
    node: `${node}:5432`,
    systemIdentifier: (system as string | undefined) ?? '77',
    timeline: timeline as number,
    serverStart: start as string,
    status: strictWord(status, STATUSES),
    recoveredUpTo: (recovered as string | undefined) ?? null,
    leftTimelineAt: (left as string | undefined) ?? null,
    lastStartMillis: (last as number | undefined) ?? null,
  }
}

interface BatchRow {
  readonly name: string
  readonly batch?: unknown
  readonly end?: unknown
  readonly fate: string
}

specTable<BatchRow>(table('batch-fate'), { required: ['fate'], optional: ['batch', 'end'] }, (row) => {
  const fates =
    row.end === undefined
      ? row.batch === undefined
        ? [fateOfBatch(null)]
        : every(row.batch, ['commitSent', 'answered', 'isNamed', 'endedInOrder'] as const).map(fateOfBatch)
      : every(row.end, ['saidGoodbye', 'readToEnd', 'isDirect'] as const).map((end) =>
          endedInOrder(end) ? 'inOrder' : 'outOfOrder',
        )
  expect(fates).toEqual(fates.map(() => row.fate))
})

/** Every value of the flags that are not given. */
function every<Flag extends string>(
  given: unknown,
  flags: readonly Flag[],
): readonly Record<Flag, boolean>[] {
  const known = strictMapping(given, { optional: flags })
  return flags.reduce<readonly Record<string, boolean>[]>(
    (list, flag) => {
      const values = Object.hasOwn(known, flag) ? [known[flag] as boolean] : [true, false]
      return list.flatMap((before) => values.map((value) => ({ ...before, [flag]: value })))
    },
    [{}],
  ) as readonly Record<Flag, boolean>[]
}

interface WitnessableRow {
  readonly name: string
  readonly text: string
  readonly values: boolean
  readonly is: boolean
}

specTable<WitnessableRow>(table('witnessable'), { required: ['text', 'values', 'is'] }, (row) => {
  expect(isWitnessable(row.text, { values: row.values })).toBe(row.is)
})
