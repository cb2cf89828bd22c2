// How long a new pool takes to its first answer: with all hosts up, and with two of three silently dropping everything,
// the primary last in the list. Rounds of both kinds alternate.
import { median, type Spread, spread } from './statistics.ts'
import { Pool, startCluster } from './subject.ts'

export interface FirstConnection {
  readonly allUpMillis: number
  readonly twoSilentMillis: number
  readonly ratio: number
  readonly rounds: number
  readonly spread: { readonly allUp: Spread; readonly twoSilent: Spread }
}

export async function measureFirstConnection(
  rounds: number,
  report: (text: string) => void,
): Promise<FirstConnection> {
  await using cluster = await startCluster({ nodes: 3 })
  const { primary, standbys, user, password, database } = cluster
  const hosts = [...standbys, primary].map(({ host, port }) => ({ host, port }))
  const first = async (): Promise<number> => {
    const startedAt = performance.now()
    const pool = new Pool({ hosts, user, password, database })
    await pool.query('select 1')
    const millis = performance.now() - startedAt
    await pool.end()
    return millis
  }
  await first()
  const allUp: number[] = []
  const twoSilent: number[] = []
  for (let round = 0; round < rounds; round++) {
    allUp.push(await first())
    await Promise.all(standbys.map((node) => node.blackhole()))
    twoSilent.push(await first())
    await Promise.all(standbys.map((node) => node.heal()))
  }
  report('first connections done')
  return {
    allUpMillis: median(allUp),
    twoSilentMillis: median(twoSilent),
    ratio: median(twoSilent) / median(allUp),
    rounds,
    spread: { allUp: spread(allUp), twoSilent: spread(twoSilent) },
  }
}
