// Watches every server of a lab from outside, each over a connection of its own, ten times a second: its role, its timeline,
// whether it takes writes. This is the cluster's own story, against which the clients' are held.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { now } from './application/record.ts'
import type { Lab, LabHost } from './port.ts'

export type HostState = 'primary' | 'readOnlyPrimary' | 'standby' | 'away'

export interface Sighting {
  readonly at: number
  readonly host: string
  readonly state: HostState
  readonly timeline: number | null
}

export interface Holding {
  readonly at: number
  readonly holders: readonly string[]
}

const PAUSE_MILLIS = 100
const HOLDERS_PAUSE_MILLIS = 400
const CONNECT_MILLIS = 1500
const ANSWER_MILLIS = 1200
const LOOK = `select pg_is_in_recovery() as standby, case when not pg_is_in_recovery()
  then ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int end as timeline`
const WRITE = 'update lab_probe set at = now()'

export class ClusterWatch {
  /** Changes only, in the order in which they were seen. */
  readonly sightings: Sighting[] = []
  readonly holdings: Holding[] = []
  readonly #lab: Lab
  readonly #latest = new Map<string, Sighting>()
  #loops: readonly Promise<void>[] = []
  #isStopping = false

  constructor(lab: Lab) {
    this.#lab = lab
  }

  start(): void {
    this.#loops = [...this.#lab.hosts.map((host) => this.#watch(host)), this.#watchHolders()]
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#loops)
  }

  stateOf(host: LabHost): HostState {
    return this.#latest.get(host.name)?.state ?? 'away'
  }

  hostsThatAre(state: HostState): readonly LabHost[] {
    return this.#lab.hosts.filter((host) => this.stateOf(host) === state)
  }

  /** Of the hosts that take writes, the one with the highest timeline. */
  get newestPrimary(): LabHost | undefined {
    const timeline = (host: LabHost): number => this.#latest.get(host.name)?.timeline ?? 0
    return [...this.hostsThatAre('primary')].sort((a, b) => timeline(b) - timeline(a))[0]
  }

  get holders(): readonly string[] {
    return this.holdings.at(-1)?.holders ?? []
  }

  /** When this host first was so after that time. */
  firstTime(host: LabHost, state: HostState, since: number): number | undefined {
    return this.sightings.find(
      (sighting) => sighting.host === host.name && sighting.state === state && sighting.at >= since,
    )?.at
  }

  async #watch(host: LabHost): Promise<void> {
    let client: pg.Client | undefined
    while (!this.#isStopping) {
      try {
        client ??= await this.#connect(host)
        const { rows } = await client.query<{ standby: boolean; timeline: number | null }>(LOOK)
        const { standby = true, timeline = null } = rows[0] ?? {}
        if (standby) this.#see(host, 'standby', null)
        else this.#see(host, (await takesWrites(client)) ? 'primary' : 'readOnlyPrimary', timeline)
      } catch {
        this.#see(host, 'away', null)
        // Not awaited: a farewell to a silent host would never be heard.
        client?.end().catch(() => {})
        client = undefined
      }
      await pause(PAUSE_MILLIS)
    }
    client?.end().catch(() => {})
  }

  async #connect(host: LabHost): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#lab.directUrl(host),
      connectionTimeoutMillis: CONNECT_MILLIS,
      query_timeout: ANSWER_MILLIS,
      // A look that hangs in a commit must not stay there.
      statement_timeout: ANSWER_MILLIS / 2,
    })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  #see(host: LabHost, state: HostState, timeline: number | null): void {
    const latest = this.#latest.get(host.name)
    if (latest?.state === state && latest.timeline === timeline) return
    const sighting = { at: now(), host: host.name, state, timeline }
    this.#latest.set(host.name, sighting)
    this.sightings.push(sighting)
  }

  async #watchHolders(): Promise<void> {
    while (!this.#isStopping) {
      const holders = await this.#lab.addressHolders().catch(() => [])
      if (holders.join() !== this.holders.join() || this.holdings.length === 0)
        this.holdings.push({ at: now(), holders })
      await pause(HOLDERS_PAUSE_MILLIS)
    }
  }
}

/** A commit that waits for a synchronous standby in vain is cancelled with a warning, and counts as refused. */
async function takesWrites(client: pg.Client): Promise<boolean> {
  let isWarned = false
  const onNotice = (): void => {
    isWarned = true
  }
  client.on('notice', onNotice)
  try {
    await client.query(WRITE)
    return !isWarned
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error
    return false
  } finally {
    client.off('notice', onNotice)
  }
}
