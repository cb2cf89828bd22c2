// Four processes write unique keys to a real cluster while it splits. Afterwards both histories are read, and every row is
// accounted for: none went to the losing side from a process that no longer named it.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { until } from '../../support/await-event.ts'
import { account, Clients, inWords, type Sides } from './clients.ts'

const SETTLE_MILLIS = 10_000

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
  await cluster.primary.query('create table rows (key text not null)')
})
beforeEach(async () => {
  const fresh = cluster.nodes.filter((node) => node === cluster.primary || node.role === 'standby')
  for (const node of cluster.nodes) if (!fresh.includes(node) || node.state !== 'running') await node.rejoin()
})
afterAll(() => cluster.stop())

test('a promotion beside a living primary: writes go on with the followers', async () => {
  const old = cluster.primary
  const next = firstStandby()
  await split('promotion beside a living primary', { loser: old, winner: next }, async () => {
    await next.promote({ repoint: false })
    const since = performance.now()
    for (const node of cluster.nodes) if (node !== old && node !== next) await node.rejoin()
    await flows(next)
    return `writes went on ${Math.round(performance.now() - since)} ms after the follower began to move`
  })
})

test('an old primary is started again: it gets nothing', async () => {
  const old = cluster.primary
  const next = firstStandby()
  await split('old primary back', { loser: old, winner: next }, async () => {
    await old.kill()
    await next.promote()
    await flows(next)
    await old.start()
    await takesWrites(old)
    await flows(next)
    return ''
  })
})

test('both standbys of a dead primary are promoted: writes go on with the one that is followed', async () => {
  const dead = cluster.primary
  const [one, two] = cluster.standbys as [ClusterNode, ClusterNode]
  await split('two of one timeline', { loser: one, winner: two, dead }, async () => {
    await dead.kill()
    await one.promote({ repoint: false })
    await two.promote({ repoint: false })
    for (const node of [one, two]) await takesWrites(node)
    await dead.rejoin()
    await flows(two)
    return ''
  })
})

test('cut off with the old primary, where a majority is asked for: nothing is written to it', async () => {
  const old = cluster.primary
  const [next, other] = cluster.standbys as [ClusterNode, ClusterNode]
  const sides = { loser: old, winner: next, options: { writeQuorum: 'majority' } }
  await split('cut off with the old primary', sides, async (clients) => {
    const none = clients.nameNone()
    await Promise.all([next.blackhole(), other.blackhole()])
    await none
    await next.promote()
    await takesWrites(old)
    const before = await rowsOn(old)
    await Promise.all([next.heal(), other.heal()])
    await flows(next)
    expect(await rowsOn(old)).toBe(before)
    return ''
  })
})

test('cut off from the old primary with the majority: writes go on with the new one, also when the old one is seen again', async () => {
  const old = cluster.primary
  const next = firstStandby()
  await split('cut off from the old primary', { loser: old, winner: next }, async () => {
    await old.blackhole()
    await next.promote()
    await flows(next)
    await takesWrites(old)
    await old.heal()
    await flows(next)
    return ''
  })
})

test('a promotion by hand that no one follows: writes stay where they were, after the settling time', async () => {
  const old = cluster.primary
  const next = firstStandby()
  await split('promotion that no one follows', { loser: next, winner: old }, async (clients) => {
    const none = clients.nameNone()
    await next.promote({ repoint: false })
    await takesWrites(next)
    await none
    const since = performance.now()
    await flows(old)
    return `writes paused for ${((performance.now() - since) / SETTLE_MILLIS).toFixed(2)} settling times`
  })
  await next.rejoin({ from: old })
})

test('the cluster goes back to the lower timeline: writes follow, and are not refused for ever', async () => {
  const old = cluster.primary
  const [next, other] = cluster.standbys as [ClusterNode, ClusterNode]
  await split('reversal', { loser: next, winner: old }, async () => {
    await next.promote({ repoint: false })
    await other.rejoin()
    await flows(next)
    await next.kill()
    await other.rejoin({ from: old })
    const since = performance.now()
    await flows(old)
    return `writes were back after ${((performance.now() - since) / SETTLE_MILLIS).toFixed(2)} settling times`
  })
})

/** Runs the clients through it, accounts for all rows and prints the figures. */
async function split(
  name: string,
  { loser, winner, dead, options = {} }: Sides & { readonly options?: object },
  happens: (clients: Clients) => Promise<string>,
): Promise<void> {
  await cluster.primary.query('truncate rows')
  await cluster.waitForReplication()
  const clients = await Clients.start(cluster.url, options)
  try {
    const note = await happens(clients)
    const books = await clients.stop()
    if (loser.state !== 'running') await loser.start()
    const result = await account(books, { winner, loser, dead })
    process.stdout.write(`  ${inWords(name, result)}${note && `; ${note}`}\n`)
    expect(result.acknowledged).toBeGreaterThan(50)
    expect(result).toMatchObject({ afterNotice: [], vanished: [], unexpected: [], doubled: [] })
  } finally {
    clients.kill()
  }
}

function firstStandby(): ClusterNode {
  return cluster.standbys[0] as ClusterNode
}

async function rowsOn(node: ClusterNode): Promise<number> {
  const { rows } = await node.query<{ count: string }>('select count(*) from rows')
  return Number(rows[0]?.count)
}

/** It would take a write from anyone. */
async function takesWrites(node: ClusterNode): Promise<void> {
  await node.query(`insert into rows values ('by hand')`)
}

/** The settling time may have to pass first. */
async function flows(node: ClusterNode): Promise<void> {
  const before = await rowsOn(node)
  await until(async () => ((await rowsOn(node)) > before + 20 ? true : null), 'writes to go on', 60_000)
}
