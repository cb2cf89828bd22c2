// Compares what clients were told with what the database holds. Knows nothing of servers, pools or clocks.
import type { Findings, Fork, History, WalPlace, Write } from './history.ts'

export interface Analysis {
  readonly counts: Readonly<Record<Write['outcome'], number>>
  /** Acknowledged, not found, and no fork of the WAL explains it. */
  readonly lost: readonly Write[]
  /** Acknowledged, not found: its commit may have lain beyond the place where the new primary's history begins. */
  readonly lostAtFork: readonly Write[]
  /** Found more than once. */
  readonly doubled: readonly number[]
  /** The caller was told for certain that it failed, and it is there. */
  readonly failedButApplied: readonly Write[]
  readonly unknownApplied: number
  /** Found, and nobody wrote it. */
  readonly strangers: readonly number[]
  /** One append is before another in a list although it was begun after the other had been acknowledged. */
  readonly misordered: readonly (readonly [first: number, second: number])[]
  /** An account that is not what it began with and its ledger make: half of a transfer was applied. */
  readonly unbalanced: readonly number[]
  readonly sum: { readonly expected: number; readonly found: number }
}

export function analyse(history: History): Analysis {
  const { writes, found } = history
  const times = (write: Write): number => found.times.get(write.id) ?? 0
  const counts = { acknowledged: 0, failed: 0, unknown: 0 }
  for (const { outcome } of writes) counts[outcome] += 1
  const missing = writes.filter((write) => write.outcome === 'acknowledged' && times(write) === 0)
  const isExplained = forkExplains(history)
  const known = new Set(writes.map(({ id }) => id))
  const { balances } = found
  return {
    counts,
    lost: missing.filter((write) => !isExplained(write)),
    lostAtFork: missing.filter(isExplained),
    doubled: [...found.times].filter(([, count]) => count > 1).map(([id]) => id),
    failedButApplied: writes.filter((write) => write.outcome === 'failed' && times(write) > 0),
    unknownApplied: writes.filter((write) => write.outcome === 'unknown' && times(write) > 0).length,
    strangers: [...found.times.keys()].filter((id) => !known.has(id)),
    misordered: misordered(history),
    unbalanced: unbalanced(history),
    sum: {
      expected: history.accounts * history.openingBalance,
      found: [...balances.values()].reduce((sum, balance) => sum + balance, 0),
    },
  }
}

/** Whether an analysis shows nothing that must not be; a loss that a fork explains is asynchronous replication's. */
export function violations(analysis: Analysis, { synchronous }: { synchronous: boolean }): readonly string[] {
  const {
    lost,
    lostAtFork,
    doubled,
    failedButApplied,
    strangers,
    misordered: order,
    unbalanced: accounts,
    sum,
  } = analysis
  const claims: readonly (readonly [number, string])[] = [
    [lost.length + (synchronous ? lostAtFork.length : 0), 'acknowledged and lost'],
    [doubled.length, 'applied twice'],
    [failedButApplied.length, 'reported failed but applied'],
    [strangers.length, 'found and never written'],
    [order.length, 'out of order'],
    [accounts.length, 'accounts that differ from their ledger'],
    [sum.expected === sum.found ? 0 : 1, `sum of accounts (${sum.found}, not ${sum.expected})`],
  ]
  return claims.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
}

/**
 * A commit ends at most where a write of the same timeline found the WAL that was begun after its acknowledgement. Only
 * where that is beyond the fork, or no such write is known, may the commit itself have been.
 */
function forkExplains({ writes, forks }: History): (write: Write) => boolean {
  const byTimeline = new Map<number, { startedMillis: number; lsn: bigint }[]>()
  for (const { place, startedMillis } of writes) {
    if (place === null) continue
    const list = byTimeline.get(place.timeline) ?? []
    list.push({ startedMillis, lsn: place.lsn })
    byTimeline.set(place.timeline, list)
  }
  return ({ place, settledMillis }) => {
    if (place === null) return false
    const fork = leftAt(forks, place)
    if (fork === undefined) return false
    const later = (byTimeline.get(place.timeline) ?? []).filter((one) => one.startedMillis > settledMillis)
    return !later.some(({ lsn }) => lsn <= fork.lsn)
  }
}

function leftAt(forks: readonly Fork[], { timeline }: WalPlace): Fork | undefined {
  return forks.find(({ parent }) => parent === timeline)
}

function misordered({ writes, found }: History): Analysis['misordered'] {
  const byId = new Map(writes.map((write) => [write.id, write]))
  const pairs: (readonly [number, number])[] = []
  for (const list of found.lists.values()) {
    // The latest start seen so far must not come after an acknowledgement that follows in the list.
    let latest: Write | undefined
    for (const id of list) {
      const write = byId.get(id)
      if (write === undefined) continue
      if (
        write.outcome === 'acknowledged' &&
        latest !== undefined &&
        latest.startedMillis > write.settledMillis
      ) {
        pairs.push([latest.id, id])
      }
      if (latest === undefined || write.startedMillis > latest.startedMillis) latest = write
    }
  }
  return pairs
}

function unbalanced({ accounts, openingBalance, found }: History): readonly number[] {
  const made = new Map<number, number>()
  for (let account = 0; account < accounts; account++) made.set(account, openingBalance)
  for (const { from, to, amount } of found.ledger) {
    made.set(from, (made.get(from) ?? 0) - amount)
    made.set(to, (made.get(to) ?? 0) + amount)
  }
  return [...made]
    .filter(([account, balance]) => found.balances.get(account) !== balance)
    .map(([account]) => account)
}

/** Times each write was found, from rows, lists and the ledger alike. */
export function countAll(
  inserted: readonly number[],
  found: Pick<Findings, 'lists' | 'ledger'>,
): Findings['times'] {
  const times = new Map<number, number>()
  const all = [inserted, ...found.lists.values(), found.ledger.map(({ id }) => id)]
  for (const ids of all) for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}
