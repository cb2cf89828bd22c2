// Ends the adversary's work: one primary is left, everything runs, everybody follows it and can be reached.
import { pick } from '../support/seeded-random.ts'
import type { Around } from './adversary.ts'
import type { Server } from './servers.ts'

export function heal({ servers, network, manager, clients, random, time }: Omit<Around, 'later'>): Server {
  for (const server of servers.all) {
    server.isPaused = false
    servers.start(server, time.nowMillis)
  }
  servers.mend()
  network.mendAll()
  const primaries = servers.all.filter((server) => server.role === 'primary')
  const primary = pick(primaries.length > 0 ? primaries : servers.all, random)
  servers.promote(primary)
  for (const server of servers.all) {
    if (server !== primary) servers.rejoin(server, primary, time.nowMillis)
  }
  for (const { addresses } of clients) for (const i of addresses.keys()) addresses[i] = i
  if (manager !== null) {
    manager.leader = primary.index
    manager.agents.fill(true)
    manager.storeAges.fill(0)
  }
  return primary
}
