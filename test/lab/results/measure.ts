// What a client made of a fault, from its record, the cluster's sightings and the rows that were left. Pure.
import type { ApplicationRecord, Operation, Sign } from '../application/record.ts'
import type { Sighting } from '../cluster-watch.ts'

/** When a scenario's acts took place, in milliseconds since 1970. */
export interface Marks {
  readonly beganAt: number
  readonly faultAt: number
  /** The fault's effect was seen. */
  readonly effectAt: number
  readonly healedAt: number
  /** The cluster was whole again. */
  readonly wholeAt: number
  readonly endedAt: number
}

export interface Server {
  readonly name: string
  /** What it answers when it is asked which server it is. */
  readonly self: string
  /** As pg-ha names it. */
  readonly place: string
}

export interface Evidence {
  readonly marks: Marks
  readonly sightings: readonly Sighting[]
  readonly hosts: readonly Server[]
  /** The primary that the manager named just before the healing; null: nobody. */
  readonly truePrimary: Server | null
  readonly finalPrimary: Server
  /** How often the last primary holds each of this application's keys. */
  readonly held: ReadonlyMap<string, number>
  /** Keys of this application that hosts other than the true primary held before the healing, by host. */
  readonly heldElsewhere: ReadonlyMap<string, ReadonlySet<string>>
}

export interface Gap {
  readonly from: number
  readonly to: number
}

export interface Measures {
  /** From the fault to the first failed statement or event; null: the client noticed nothing. */
  readonly detectMillis: number | null
  readonly writeGapMillis: number
  readonly readGapMillis: number
  /** From the moment the cluster took writes to the client's first one, at the end of its longest gap; null: no gap. */
  readonly addedMillis: number | null
  readonly longestStatementMillis: number
  readonly errors: Readonly<Record<string, number>>
  readonly acknowledged: number
  readonly reads: number
  /** Statements that had no outcome in the end. */
  readonly hanging: number
  readonly lost: number
  /** Lost, although no change of the primary explains it. */
  readonly lostWithoutReason: number
  readonly doubled: number
  /** Rows on a host that was a primary beside the true one, begun when the true one already took writes. */
  readonly onWrongPrimary: number
  /** Of these, begun after the client said that it follows the true primary; null: it says no such thing. */
  readonly onWrongPrimaryAfterNotice: number | null
  /** A write and a read succeeded after the cluster was whole again. */
  readonly hasRecovered: boolean
}

/** A pause between two successes that is longer than this is a gap. */
const NOTABLE_GAP_MILLIS = 300

export function measure({ operations, signs }: ApplicationRecord, evidence: Evidence): Measures {
  const { marks, held } = evidence
  const writes = operations.filter(({ kind }) => kind === 'write')
  const reads = operations.filter(({ kind }) => kind === 'read')
  const acknowledged = writes.filter(hasSucceeded)
  const lost = acknowledged.filter(({ key }) => !held.has(key))
  const writeGap = longestGap(acknowledged, marks)
  const readGap = longestGap(reads.filter(hasSucceeded), marks)
  const misplaced = onWrongPrimary(writes, evidence)
  const noticedAt = timeOfNotice(signs, evidence)
  const worked = (kind: Operation['kind']): boolean =>
    operations.some((one) => one.kind === kind && hasSucceeded(one) && one.startedAt >= marks.wholeAt)
  return {
    detectMillis: timeToDetect(operations, signs, marks),
    writeGapMillis: length(writeGap),
    readGapMillis: length(readGap),
    addedMillis: addedTime(writeGap, evidence),
    longestStatementMillis: Math.round(
      Math.max(0, ...operations.map(({ startedAt, endedAt }) => (endedAt ?? marks.endedAt) - startedAt)),
    ),
    errors: countErrors(operations),
    acknowledged: acknowledged.length,
    reads: reads.filter(hasSucceeded).length,
    hanging: operations.filter(({ endedAt }) => endedAt === null).length,
    lost: lost.length,
    lostWithoutReason: lost.filter((operation) => !isLossExplained(operation, evidence)).length,
    doubled: [...held.values()].filter((times) => times > 1).length,
    onWrongPrimary: misplaced.length,
    onWrongPrimaryAfterNotice:
      noticedAt === null ? null : misplaced.filter(({ startedAt }) => startedAt > noticedAt).length,
    hasRecovered: worked('write') && worked('read'),
  }
}

export function hasSucceeded({ endedAt, error }: Operation): boolean {
  return endedAt !== null && error === null
}

/** The longest time without a success that reaches beyond the fault. */
export function longestGap(succeeded: readonly Operation[], { beganAt, faultAt, endedAt }: Marks): Gap {
  const times = [beganAt, ...succeeded.map((one) => one.endedAt ?? 0).sort((a, b) => a - b), endedAt]
  let longest: Gap = { from: faultAt, to: faultAt }
  for (const [index, to] of times.entries()) {
    const from = times[index - 1]
    if (from === undefined || to < faultAt) continue
    if (to - from > longest.to - longest.from) longest = { from, to }
  }
  return longest
}

/** The longest time after the fault in which no host took writes. */
export function clusterDowntime(sightings: readonly Sighting[], { faultAt, endedAt }: Marks): number {
  const states = new Map<string, string>()
  let downSince: number | null = null
  let longest = 0
  const close = (at: number): void => {
    if (downSince !== null) longest = Math.max(longest, at - Math.max(downSince, faultAt))
    downSince = null
  }
  for (const { at, host, state } of sightings) {
    states.set(host, state)
    if ([...states.values()].includes('primary')) close(at)
    else downSince ??= at
  }
  close(endedAt)
  return Math.round(longest)
}

function timeToDetect(
  operations: readonly Operation[],
  signs: readonly Sign[],
  { faultAt }: Marks,
): number | null {
  const failed = operations.filter(({ error, endedAt }) => error !== null && (endedAt ?? 0) >= faultAt)
  const times = [...failed.map(({ endedAt }) => endedAt ?? 0), ...signs.map(({ at }) => at)].filter(
    (at) => at >= faultAt,
  )
  return times.length === 0 ? null : Math.round(Math.min(...times) - faultAt)
}

/** A host that turned primary in the gap counts, else one that was it all the time. */
function addedTime(gap: Gap, { sightings }: Evidence): number | null {
  if (gap.to - gap.from < NOTABLE_GAP_MILLIS) return null
  const turned = sightings
    .filter(({ state, at }) => state === 'primary' && at >= gap.from && at <= gap.to)
    .at(-1)?.at
  if (turned !== undefined) return Math.round(gap.to - turned)
  const states = new Map(sightings.filter(({ at }) => at <= gap.to).map(({ host, state }) => [host, state]))
  // Where the watch saw nobody take writes yet, the client was the first to find out.
  return [...states.values()].includes('primary') ? length(gap) : 0
}

function onWrongPrimary(writes: readonly Operation[], evidence: Evidence): readonly Operation[] {
  const { truePrimary, hosts, sightings, marks } = evidence
  if (truePrimary === null) return []
  const wasWritable = sightings
    .filter(({ host, at }) => host === truePrimary.name && at < marks.faultAt)
    .at(-1)
  const since =
    wasWritable?.state === 'primary'
      ? marks.faultAt
      : sightings.find(
          ({ host, state, at }) => host === truePrimary.name && state === 'primary' && at >= marks.faultAt,
        )?.at
  if (since === undefined) return []
  const others = hosts.filter(({ name }) => name !== truePrimary.name)
  return writes
    .filter(({ startedAt }) => startedAt > since && startedAt < marks.healedAt)
    .filter(({ key, node }) =>
      others.some(({ name, self }) => node === self || evidence.heldElsewhere.get(name)?.has(key)),
    )
}

/** When the client said that it follows the true primary, or that there are two. */
function timeOfNotice(signs: readonly Sign[], { marks, truePrimary }: Evidence): number | null {
  if (truePrimary === null) return null
  const notice = signs.find(
    ({ at, event, says }) =>
      at >= marks.faultAt &&
      (event === 'splitBrain' || (event === 'primaryChange' && says.startsWith(`${truePrimary.place} `))),
  )
  return notice?.at ?? null
}

/** The server that acknowledged it was not the last primary, or another one was in between. */
function isLossExplained(
  { node, startedAt }: Operation,
  { sightings, hosts, finalPrimary }: Evidence,
): boolean {
  if (node !== finalPrimary.self) return true
  const name = hosts.find(({ self }) => self === node)?.name
  return sightings.some(({ host, state, at }) => state === 'primary' && host !== name && at > startedAt)
}

function countErrors(operations: readonly Operation[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { kind, error } of operations) {
    if (error === null) continue
    const name = `${kind} ${error}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)))
}

function length({ from, to }: Gap): number {
  return Math.round(to - from)
}
