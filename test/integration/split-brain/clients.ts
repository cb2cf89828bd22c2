// Four client processes that write all through a fault, and the account of every row afterwards, from both histories.
import { type ChildProcess, fork } from 'node:child_process'
import { on } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ClusterNode } from '../../../src/testing/index.ts'
import type { WriterBooks } from './programs/writer.ts'

const PROGRAM = fileURLToPath(new URL('programs/writer.ts', import.meta.url))
const PROCESSES = 4

export class Clients {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /** Resolves when each has been served once. */
  static async start(connectionString: string, options: object = {}): Promise<Clients> {
    const children = Array.from({ length: PROCESSES }, (_, i) =>
      fork(PROGRAM, [`p${i}`, connectionString, JSON.stringify(options)], {
        execArgv: ['--import', 'tsx'],
        env: { ...process.env, NODE_OPTIONS: '' },
      }),
    )
    await Promise.all(children.map((child) => told(child, (message) => message === 'ready')))
    return new Clients(children)
  }

  async stop(): Promise<readonly WriterBooks[]> {
    return Promise.all(
      this.#children.map(async (child) => {
        const books = told(child, (message) => typeof message === 'object' && 'rows' in message)
        child.send('stop')
        return (await books) as WriterBooks
      }),
    )
  }

  /** Resolves when each of them has come to name no primary after this call. */
  async nameNone(): Promise<void> {
    const isNone = (message: object | string): boolean =>
      typeof message === 'object' && 'named' in message && message.named === null
    await Promise.all(this.#children.map((child) => told(child, isNone)))
  }

  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}

async function told(
  child: ChildProcess,
  holds: (message: object | string) => boolean,
): Promise<object | string> {
  for await (const [message] of on(child, 'message', { signal: AbortSignal.timeout(60_000) })) {
    if (holds(message as object | string)) return message as object | string
  }
  throw new Error('The process has ended')
}

export interface Account {
  /** Rows acknowledged by anyone. */
  readonly acknowledged: number
  /** Rows found on the losing side alone. */
  readonly onLosing: number
  /** Those of them that were sent and answered while their process named another primary, or none. */
  readonly afterNotice: readonly string[]
  /** From the first to the last of them by when they were sent, in ms. */
  readonly spanMillis: number
  /** Acknowledged, and on neither side. */
  readonly vanished: readonly string[]
  /** Refused for sure, and there all the same. */
  readonly unexpected: readonly string[]
  /** Twice on the winning side. */
  readonly doubled: readonly string[]
  readonly fenced: number
  readonly refused: number
}

/** Errors that say that nothing was written. */
const REFUSED = ['PGHA_NO_PRIMARY', 'PGHA_SPLIT_BRAIN', 'PGHA_NOT_APPLIED']

export interface Sides {
  readonly winner: ClusterNode
  readonly loser: ClusterNode
  /** The primary of before, where it is neither: what it took may have reached one of the two alone. */
  readonly dead?: ClusterNode | undefined
}

export async function account(
  books: readonly WriterBooks[],
  { winner, loser, dead }: Sides,
): Promise<Account> {
  const onWinner = await keys(winner)
  const onLoser = await keys(loser)
  const there = new Set([...onWinner, ...onLoser])
  const winning = new Set(onWinner)
  const losing = new Set(onLoser.filter((key) => !winning.has(key)))
  const rows = books.flatMap((book) => {
    const takers = [loser, dead].filter((node) => node !== undefined)
    const isNamed = (from: number, to: number) =>
      takers.some((node) => namedWithin(book, nodeName(node), { from, to }))
    return book.rows.map(([key, sent, answered, outcome]) => ({
      ...{ key, sent, outcome },
      isAfter: !isNamed(sent, answered),
    }))
  })
  const lost = rows.filter(({ key }) => losing.has(key))
  const times = lost.map(({ sent }) => sent)
  return {
    acknowledged: rows.filter(({ outcome }) => outcome === 'ok').length,
    onLosing: lost.length,
    afterNotice: lost.filter(({ isAfter }) => isAfter).map(({ key }) => key),
    spanMillis: times.length === 0 ? 0 : Math.max(...times) - Math.min(...times),
    vanished: rows.filter(({ key, outcome }) => outcome === 'ok' && !there.has(key)).map(({ key }) => key),
    unexpected: rows
      .filter((row) => REFUSED.includes(row.outcome) && there.has(row.key))
      .map(({ key }) => key),
    doubled: onWinner.filter((key, i) => onWinner.indexOf(key) !== i && !key.startsWith('by hand')),
    fenced: books.reduce((sum, { fenced }) => sum + fenced, 0),
    refused: books.reduce((sum, { refused }) => sum + refused, 0),
  }
}

export function nodeName({ host, port }: ClusterNode): string {
  return `${host}:${port}`
}

/** Whether the process has named this node as the primary at any time between the two. */
function namedWithin(
  { primaries }: WriterBooks,
  node: string,
  { from, to }: { from: number; to: number },
): boolean {
  return primaries.some(([named, since], i) => {
    const until = primaries[i + 1]?.[1] ?? Number.POSITIVE_INFINITY
    return named === node && since <= to && until >= from
  })
}

async function keys(node: ClusterNode): Promise<readonly string[]> {
  const { rows } = await node.query<{ key: string }>('select key from rows')
  return rows.map(({ key }) => key)
}

export function inWords(name: string, { afterNotice, ...figures }: Account): string {
  const { acknowledged, onLosing, spanMillis, fenced, refused } = figures
  return (
    `${name}: ${acknowledged} acknowledged; on the losing side alone ${onLosing} within ${spanMillis} ms, ` +
    `${afterNotice.length} sent after notice; ${fenced} connections cut, ${refused} writes refused`
  )
}
