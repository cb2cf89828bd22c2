// Some rounds on one cluster, then its whole history: every store works through the same faults, side by side.
import { type ClusterNode, startCluster } from '../../src/testing/index.ts'
import { pick, seededRandom } from '../support/seeded-random.ts'
import { type Analysis, analyse, violations } from './analyse.ts'
import { Clients } from './clients.ts'
import { FAULTS, type Scene } from './faults.ts'
import { type Outcomes, PgHaStore } from './pg-ha-store.ts'
import { PlainStore } from './plain-store.ts'
import { ACCOUNTS, findings, forksOf, OPENING_BALANCE, type Store, schema } from './store.ts'

const CLIENTS = { pgha: 16, plain: 6 }
const TOKENS =
  'create table pgha_commit_tokens (token uuid primary key, at timestamptz not null default now())'
const THINK_MILLIS = 15
const ROUND_MILLIS = 180_000

export interface ChapterOptions {
  readonly rounds: number
  readonly seed: number
  readonly synchronous: boolean
  /** Leaves the plain pools out. */
  readonly alone: boolean
  /** Further pools of the library through the same faults, each with its way of following lost commits. */
  readonly beside: readonly Outcomes[]
  readonly report: (line: string) => void
}

export interface StoreReport {
  readonly analysis: Analysis
  readonly violations: readonly string[]
  readonly hung: number
  /** How often each error reached a caller, by its code. */
  readonly codes: ReadonlyMap<string, number>
  /** Writes in doubt, by the fault under which they were begun and why. */
  readonly doubts: ReadonlyMap<string, number>
  /** The longest write begun under each fault, in ms. */
  readonly longest: ReadonlyMap<string, number>
}

export interface ChapterReport {
  readonly rounds: number
  readonly faults: ReadonlyMap<string, number>
  readonly stores: ReadonlyMap<string, StoreReport>
}

export async function runChapter(options: ChapterOptions): Promise<ChapterReport> {
  await using cluster = await startCluster({ nodes: 3, synchronous: options.synchronous })
  const tested = new PgHaStore(cluster.url, { name: 'pgha', outcomes: 'auto' })
  const ours = [
    tested,
    ...options.beside.map((each) => new PgHaStore(cluster.url, { name: each, outcomes: each })),
  ]
  const stores: readonly Store[] = options.alone
    ? ours
    : [...ours, new PlainStore(cluster.nodes.map(({ url }) => url))]
  for (const { name } of stores) await cluster.primary.query(schema(name))
  await cluster.primary.query(TOKENS)
  await cluster.waitForReplication()
  const clients = stores.map((store, i) => {
    const count = store instanceof PgHaStore ? CLIENTS.pgha : CLIENTS.plain
    return new Clients(store, { count, seed: options.seed + i, thinkMillis: THINK_MILLIS })
  })
  const drain = async (node: ClusterNode) => {
    await Promise.all(ours.map((store) => store.drain(node)))
  }
  const leave = () =>
    Promise.allSettled([...clients.map((each) => each.stop()), ...stores.map((store) => store.end())])
  const played = await playRounds({ cluster, drain }, clients, options).catch(async (error: unknown) => {
    // Nobody may go on writing to a cluster that is being taken down.
    await leave()
    throw error
  })
  await Promise.all(clients.map((each) => each.stop()))
  const forks = await forksOf(cluster.primary)
  const reports = new Map<string, StoreReport>()
  for (const [i, store] of stores.entries()) {
    const each = clients[i] as Clients
    const found = await findings(cluster.primary, store.name)
    const rest = { forks, found, accounts: ACCOUNTS, openingBalance: OPENING_BALANCE }
    const analysis = analyse({ writes: each.writes, ...rest })
    reports.set(store.name, {
      ...reportOf(analysis, each, options),
      doubts: doubtsOf(each, played),
      longest: longestOf(each, played),
    })
  }
  await Promise.all(stores.map((store) => store.end()))
  return { rounds: options.rounds, faults: tally(played), stores: reports }
}

async function playRounds(
  stage: Pick<Scene, 'cluster' | 'drain'>,
  clients: readonly Clients[],
  { rounds, seed, report }: ChapterOptions,
): Promise<readonly string[]> {
  const random = seededRandom(seed)
  const played: string[] = []
  const [tested] = clients as [Clients]
  for (let round = 0; round < rounds; round++) {
    const name = pick(Object.keys(FAULTS), random)
    for (const each of clients) each.round = round
    const begun = performance.now()
    const served = () => tested.acknowledged()
    const what = `Round ${round} (${name}, seed ${seed})`
    await withinRound(FAULTS[name]?.({ ...stage, random, served }), what)
    await withinRound(served(), `${what}: a write after it`)
    played.push(name)
    report(`${what}: ${Math.round(performance.now() - begun)} ms`)
  }
  return played
}

async function withinRound(work: Promise<void> | undefined, what: string): Promise<void> {
  let alarm: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    alarm = setTimeout(() => reject(new Error(`${what} hangs`)), ROUND_MILLIS)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(alarm)
  }
}

function reportOf(
  analysis: Analysis,
  { writes, hung }: Clients,
  { synchronous }: ChapterOptions,
): Omit<StoreReport, 'doubts' | 'longest'> {
  const codes = new Map<string, number>()
  for (const { code } of writes) if (code !== null) codes.set(code, (codes.get(code) ?? 0) + 1)
  const found = violations(analysis, { synchronous })
  const hangs = hung.length === 0 ? [] : [`${hung.length} never answered`]
  return { analysis, violations: [...found, ...hangs], hung: hung.length, codes }
}

function doubtsOf({ writes }: Clients, played: readonly string[]): ReadonlyMap<string, number> {
  return tally(writes.filter(({ why }) => why !== null).map(({ round, why }) => `${played[round]}: ${why}`))
}

function longestOf({ writes }: Clients, played: readonly string[]): ReadonlyMap<string, number> {
  const longest = new Map<string, number>()
  for (const { round, startedMillis, settledMillis } of writes) {
    const fault = played[round] ?? 'none'
    longest.set(fault, Math.max(longest.get(fault) ?? 0, settledMillis - startedMillis))
  }
  return longest
}

function tally(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
