// The servers of a simulated cluster and what replicates between them: logs of keys, timelines that branch, standbys that
// follow late or cannot follow at all. Knows nothing of clients.
import type { TimelineSwitch } from '../../src/topology/timeline-history.ts'

export interface Server {
  readonly index: number
  readonly place: { readonly host: string; readonly port: number }
  isUp: boolean
  isPaused: boolean
  role: 'primary' | 'standby'
  timeline: number
  switches: TimelineSwitch[]
  /** Every key that was written, in order: the WAL. */
  log: string[]
  upstream: Server | null
  isReceiving: boolean
  /** How far its machine's clock is off. */
  clockMillis: number
  /** By its own clock. Changes with every start; connections of before are dead. */
  startMillis: number
  /** When each standby was last heard: a row lingers after it has left. */
  readonly senders: Map<Server, number>
}

/** How long a primary counts a standby that has left it. */
const LINGER_MILLIS = 1500

export class Servers {
  readonly all: readonly Server[]
  readonly #cuts = new Set<string>()
  #starts = 0

  constructor(count: number, nowMillis: number) {
    this.all = Array.from({ length: count }, (_, index) => newServer(index, nowMillis))
    const [first, ...rest] = this.all
    for (const server of rest) {
      server.role = 'standby'
      server.upstream = first ?? null
    }
  }

  cut(a: number, b: number): void {
    this.#cuts.add(key(a, b))
  }

  mend(): void {
    this.#cuts.clear()
  }

  /** One beat of replication. */
  replicate(nowMillis: number): void {
    for (const standby of this.all) {
      const { upstream } = standby
      standby.isReceiving = false
      if (standby.role !== 'standby' || upstream === null || !isAlive(standby) || !isAlive(upstream)) continue
      if (this.#cuts.has(key(standby.index, upstream.index)) || !canFollow(standby, upstream)) continue
      standby.isReceiving = true
      standby.timeline = upstream.timeline
      standby.switches = upstream.switches
      // What it has is the beginning of what its upstream has.
      for (let i = standby.log.length; i < upstream.log.length; i++)
        standby.log.push(upstream.log[i] as string)
      upstream.senders.set(standby, nowMillis)
    }
  }

  followers(server: Server, nowMillis: number): number {
    let count = 0
    for (const [standby, seen] of server.senders) {
      if (standby !== server && nowMillis - seen < LINGER_MILLIS) count += 1
    }
    return count
  }

  promote(server: Server): void {
    if (!isAlive(server) || server.role === 'primary') return
    const lsn = `0/${server.log.length.toString(16).toUpperCase()}`
    server.switches = [...server.switches, { timeline: server.timeline, lsn }]
    server.timeline += 1
    server.role = 'primary'
    server.upstream = null
    server.isReceiving = false
  }

  stop(server: Server): void {
    server.isUp = false
    server.isPaused = false
    server.isReceiving = false
  }

  /** With its data as it is: an old primary comes back as a writable one. */
  start(server: Server, nowMillis: number): void {
    if (server.isUp) return
    server.isUp = true
    // No two servers are started at one instant.
    this.#starts += 1
    server.startMillis = nowMillis + server.clockMillis + this.#starts / 1000
    server.senders.clear()
  }

  /** Rewound, or cloned anew, and started as a standby. */
  rejoin(server: Server, primary: Server, nowMillis: number): void {
    this.stop(server)
    this.start(server, nowMillis)
    server.role = 'standby'
    server.upstream = primary
    server.timeline = primary.timeline
    server.switches = primary.switches
    server.log = primary.log.slice()
  }

  follow(standby: Server, upstream: Server): void {
    if (standby.role === 'standby' && standby !== upstream) standby.upstream = upstream
  }
}

export function isAlive(server: Server): boolean {
  return server.isUp && !server.isPaused
}

/** Only from a history that begins with all it has. */
function canFollow(standby: Server, upstream: Server): boolean {
  if (standby.log.length > upstream.log.length) return false
  const last = standby.log.length - 1
  return last < 0 || standby.log[last] === upstream.log[last]
}

function newServer(index: number, nowMillis: number): Server {
  return {
    ...{ index, place: { host: `n${index}`, port: 5432 } },
    ...{ isUp: true, isPaused: false, role: 'primary', timeline: 1, switches: [], log: [] },
    ...{
      upstream: null,
      isReceiving: false,
      clockMillis: 0,
      startMillis: nowMillis - 1000 - index,
      senders: new Map(),
    },
  }
}

function key(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`
}
