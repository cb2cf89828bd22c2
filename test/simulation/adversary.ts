// Hurts a simulated cluster at random: crashes, freezes, cuts one way and both, promotions beside a living primary, old primaries
// that return, moved addresses, sleeping clients, clocks that step, a manager that hands its key about.
import { pick } from '../support/seeded-random.ts'
import type { Client } from './client.ts'
import type { Manager } from './manager.ts'
import type { Network } from './network.ts'
import { isAlive, type Server, type Servers } from './servers.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Around {
  readonly time: VirtualTime
  readonly servers: Servers
  readonly network: Network
  readonly manager: Manager | null
  readonly clients: readonly Client[]
  readonly random: () => number
  /** Does it later, unless the time of the adversary is over by then. */
  readonly later: (millis: number, deed: () => void) => void
}

const MOST_STEP_MILLIS = 7_200_000
/** When an agent looks at its store again. */
const STORE_LOOP_MILLIS = 800

type Deed = (around: Around, server: Server) => void

const DEEDS: Readonly<Record<string, Deed>> = {
  kill: ({ servers }, server) => servers.stop(server),
  start: ({ servers, time }, server) => servers.start(server, time.nowMillis),
  freeze: (_, server) => {
    server.isPaused = server.isUp
  },
  thaw: (_, server) => {
    server.isPaused = false
  },
  promote: ({ servers }, server) => servers.promote(server),
  promoteTwo: ({ servers }) => {
    for (const server of servers.all.filter(({ role }) => role === 'standby').slice(0, 2))
      servers.promote(server)
  },
  failOver: failOver,
  giveBack: ({ servers, manager, time, later }, server) => {
    // The key goes to another primary, and whoever is left is rewound: also to a lower timeline.
    if (!isAlive(server) || server.role !== 'primary') return
    if (manager !== null) manager.leader = server.index
    for (const other of servers.all) {
      if (other !== server) later(300, () => servers.rejoin(other, server, time.nowMillis))
    }
  },
  follow: ({ servers, random }, server) => servers.follow(server, pick(servers.all, random)),
  rejoin: ({ servers, time, random }, server) => {
    const primary = pick(servers.all, random)
    if (primary.role === 'primary' && primary !== server) servers.rejoin(server, primary, time.nowMillis)
  },
  cutReplication: ({ servers, random }, server) => servers.cut(server.index, pick(servers.all, random).index),
  mendReplication: ({ servers }) => servers.mend(),
  cut: (around, server) => {
    const link = linkOf(around, server)
    link.isCutThere = around.random() < 0.7
    link.isCutBack = !link.isCutThere || around.random() < 0.7
  },
  mend: (around, server) => around.network.mend(linkOf(around, server)),
  partClients,
  slow: (around, server) => {
    linkOf(around, server).delayMillis = 1 + around.random() * 120
  },
  stepClock: ({ time, manager, random, later }, server) => {
    // All the machines': what a server says of its start, what an agent thinks of its store, and what nobody should ask at all.
    const step = (random() - 0.5) * MOST_STEP_MILLIS
    server.clockMillis += step
    time.stepWallClock(step)
    if (manager === null || step < 0) return
    manager.storeAges[server.index] = step
    later(STORE_LOOP_MILLIS, () => {
      manager.storeAges[server.index] = 0
    })
  },
  sleep: ({ clients, random }) => pick(clients, random).sleep(300 + random() * 1500),
  moveAddress: ({ clients, random, servers }, server) => {
    if (random() < 0.7) return
    const to = pick(servers.all, random).index
    for (const client of clients) client.addresses[server.index] = to
  },
  killAgent: ({ manager }, server) => {
    if (manager !== null) manager.agents[server.index] = false
  },
  startAgent: ({ manager }, server) => {
    if (manager !== null) manager.agents[server.index] = true
  },
}

/** Lists what it will have done when the time is over. */
export function adversary(given: Omit<Around, 'later'>, millis: number): readonly string[] {
  const { time, servers, random } = given
  const list: string[] = []
  const begun = time.nowMillis
  const later = (after: number, deed: () => void): void => {
    if (time.nowMillis + after < begun + millis) time.after(after, deed)
  }
  const around: Around = { ...given, later }
  const deeds = 3 + Math.floor(random() * 9)
  for (let i = 0; i < deeds; i++) {
    const at = random() * millis
    time.after(at, () => {
      const server = pick(servers.all, random)
      const name = pick(Object.keys(DEEDS), random)
      list.push(`${Math.round(time.nowMillis - begun)} ${name} n${server.index}`)
      DEEDS[name]?.(around, server)
    })
  }
  return list
}

/** As a manager does whose agent on the primary has died: the followers move late, and nobody stops the old one. */
function failOver({ servers, manager, later, random }: Around, server: Server): void {
  if (!isAlive(server) || server.role !== 'standby') return
  if (manager !== null) {
    manager.agents[manager.leader] = false
    manager.leader = server.index
  }
  later(50, () => servers.promote(server))
  for (const other of servers.all) {
    if (other !== server) later(300 + random() * 1500, () => servers.follow(other, server))
  }
}

/** One client is left with the old primary, the other with a new one; then both see both, with different pasts. */
function partClients({ servers, network, clients, later, random }: Around, server: Server): void {
  const old = servers.all.find((each) => isAlive(each) && each.role === 'primary')
  if (old === undefined || !isAlive(server) || server.role !== 'standby') return
  const links = clients.map((_, client) => network.link(client, client % 2 === 0 ? server.index : old.index))
  for (const link of links) link.isCutThere = true
  servers.promote(server)
  later(700 + random() * 700, () => {
    for (const link of links) network.mend(link)
  })
}

function linkOf({ network, clients, random }: Around, server: Server) {
  return network.link(Math.floor(random() * clients.length), server.index)
}
