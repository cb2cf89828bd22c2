// Asks a pool which of its scripted hosts answers.
import type { Pool, PoolOptions } from '../../../src/index.ts'
import { untilCluster } from '../../support/await-event.ts'
import { disposablePool } from '../../support/disposable.ts'
import type { HostKind } from '../../support/host-kind.ts'
import { startMockCluster, WHO } from '../../support/mock-server.ts'

export interface Answer {
  readonly host: number | 'error'
  /** Of the error. */
  readonly code?: string | undefined
}

interface Asking {
  query(text: string): Promise<{ rows: { host: number }[] }>
}

/** The index of the host that answers a query. */
export async function whoAnswers(asked: unknown): Promise<number> {
  const { rows } = await (asked as Asking).query(WHO)
  return rows[0]?.host ?? Number.NaN
}

/**
 * How a pool is set up so that its first choice rests on what every host has shown, however slow the machine is: the grace
 * ends with the last host's answer, or with the look at a silent one.
 */
export function deterministic(hosts: readonly HostKind[], expectsError: boolean): PoolOptions {
  const someSilent = hosts.some((kind) => kind === 'silent' || kind === 'hang')
  return {
    user: 'app',
    database: 'app',
    startupGraceMillis: 20_000,
    probeTimeoutMillis: someSilent ? 500 : 5000,
    failoverTimeoutMillis: expectsError ? 100 : 20_000,
    ...(someSilent && { connectionTimeoutMillis: 500 }),
  }
}

/** One connection of a new pool over new hosts of these kinds. */
export async function ask(
  hosts: readonly HostKind[],
  options: PoolOptions & { readonly old?: boolean },
): Promise<Answer> {
  const { old = false, ...poolOptions } = options
  await using mocks = await startMockCluster(hosts, { old })
  await using pool = disposablePool({ connectionString: `postgres://${mocks.hostList}/`, ...poolOptions })
  const { targetServerType, target_session_attrs: attrs } = poolOptions
  if (hosts.length > 1 || (targetServerType ?? attrs ?? 'any') !== 'any') await decided(pool)
  try {
    const client = await pool.connect()
    const host = await whoAnswers(client)
    client.release()
    return { host }
  } catch (error) {
    return { host: 'error', code: (error as { code?: string }).code }
  }
}

/** Resolves when every host has been heard and nothing is in doubt any more: a short wait then tells as much as a long one. */
export async function decided(pool: Pool): Promise<void> {
  pool.query(WHO).catch(() => {})
  await untilCluster(
    pool,
    ({ nodes, verdict }) =>
      nodes.every(({ checkedAt }) => checkedAt !== null) &&
      !['starting', 'unconfirmed'].includes(verdict.rule),
  )
}

/** `run` for each item, a few at a time. */
export async function eachOf<T>(items: Iterable<T>, run: (item: T) => Promise<void>): Promise<void> {
  const AT_ONCE = 8
  const queue = [...items]
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
