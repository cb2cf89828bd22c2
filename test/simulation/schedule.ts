// One schedule: a cluster, a few clients and an adversary, all from one seed. First it hurts, then it heals; what must hold is
// checked all along, and at the end that the clients write again, that nobody wrote twice, and that every key is accounted for.
import { seededRandom } from '../support/seeded-random.ts'
import { adversary } from './adversary.ts'
import { Agreement, checkBooks } from './agreement.ts'
import { Claims } from './claims.ts'
import { Client, SETTLE_MILLIS } from './client.ts'
import { heal } from './heal.ts'
import { Manager } from './manager.ts'
import { Network } from './network.ts'
import { type Server, Servers } from './servers.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Outcome {
  readonly seed: number
  readonly violations: readonly string[]
  /** How often each claim was put to the test, by its number. */
  readonly checked: readonly (readonly [number, number])[]
  readonly acknowledged: number
  readonly refused: number
  readonly deeds: readonly string[]
}

const CALM_MILLIS = 300
const HURT_MILLIS = 3200
/** Kept-out primaries that most nodes follow come back after the settling time; the rest is for slow looks and held connections. */
const HEAL_MILLIS = SETTLE_MILLIS + 5000
const END_MILLIS = 3000
const BEAT_MILLIS = 40
/** One schedule in so many goes on for the whole time of healing: what was well must stay so. */
const LONG_ONES = 8

interface World {
  readonly time: VirtualTime
  readonly servers: Servers
  readonly network: Network
  readonly manager: Manager | null
  readonly clients: readonly Client[]
  readonly random: () => number
  readonly claims: Claims
}

/** `tell` hears of every deed and every change of a verdict, with the virtual milliseconds since the beginning. */
export async function runSchedule(
  time: VirtualTime,
  seed: number,
  tell: (line: string) => void = () => {},
): Promise<Outcome> {
  time.clear()
  const begunMillis = time.nowMillis
  const world = newWorld(time, seed, (line) => tell(`${Math.round(time.nowMillis - begunMillis)} ${line}`))
  const { clients, claims, servers } = world
  watch(world)
  for (const client of clients) client.start()
  await time.runUntil(begunMillis + CALM_MILLIS)
  const deeds = adversary(world, HURT_MILLIS)
  await time.runUntil(begunMillis + CALM_MILLIS + HURT_MILLIS)
  for (const deed of deeds) tell(deed)
  const primary = heal(world)
  tell(`${Math.round(time.nowMillis - begunMillis)} healed: n${primary.index} is the one primary left`)
  await checkRecovery(world, primary, seed)
  await Promise.all(clients.map((client) => client.end()))
  const isDone = (): boolean => clients.every(({ workload }) => workload.openCount === 0)
  await time.runUntilDone(time.nowMillis + END_MILLIS, { stepMillis: BEAT_MILLIS, isDone })
  claims.check(isDone(), 6, () => 'the end left a request unsettled')
  checkBooks(claims, { clients, servers: servers.all })
  time.clear()
  return {
    ...{ seed, violations: claims.violations, checked: [...claims.checked], deeds },
    acknowledged: clients.reduce((sum, client) => sum + client.workload.acknowledged.length, 0),
    refused: clients.reduce((sum, client) => sum + client.workload.refused.length, 0),
  }
}

function newWorld(time: VirtualTime, seed: number, tell: (line: string) => void): World {
  const random = seededRandom(seed)
  const claims = new Claims()
  const servers = new Servers(random() < 0.2 ? 2 : random() < 0.85 ? 3 : 5, time.nowMillis)
  const network = new Network(time)
  const manager = random() < 0.4 ? new Manager(servers) : null
  const clients = [0, 1].map((client) => {
    const isPrivileged = random() < 0.5
    return new Client({ time, network, servers, client, random, claims, manager, isPrivileged, tell })
  })
  return { time, servers, network, manager, clients, random, claims }
}

/** Replication, and what is checked at every beat. */
function watch({ time, servers, clients, claims }: World): void {
  const agreement = new Agreement()
  const beat = (): void => {
    servers.replicate(time.nowMillis)
    agreement.check(claims, clients, time.nowMillis)
    for (const client of clients) {
      const late = client.isAsleep ? undefined : client.workload.overdue(time.nowMillis)
      claims.check(late === undefined, 6, () => `${late} waits for ever`)
    }
    time.after(BEAT_MILLIS, beat)
  }
  beat()
}

/** In the end every client names the one primary that is left, and writes to it. */
async function checkRecovery({ time, clients, claims }: World, primary: Server, seed: number): Promise<void> {
  const before = clients.map(({ workload }) => workload.acknowledged.length)
  const isBack = (client: Client, i: number): boolean =>
    client.namedServer === primary && client.workload.acknowledged.length > (before[i] ?? 0) + 1
  const isDone = seed % LONG_ONES === 0 ? () => false : () => clients.every(isBack)
  await time.runUntilDone(time.nowMillis + HEAL_MILLIS, { stepMillis: BEAT_MILLIS, isDone })
  for (const [i, client] of clients.entries()) {
    const { verdict } = client.state
    const isNamed = client.namedServer === primary
    claims.check(isNamed, 11, () => `n${primary.index} is the one primary left, but: ${verdict.reason}`)
    if (isNamed) claims.check(isBack(client, i), 11, () => `client ${i} writes no more`)
  }
}
