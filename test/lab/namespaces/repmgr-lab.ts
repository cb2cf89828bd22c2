// A cluster under repmgr: three hosts with PostgreSQL and repmgrd each, no proxy and no virtual address. repmgr promotes, and
// fences nobody. Needs root. What can be broken is at the end.
import { appendFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { DATABASE, ROLES_SQL, SUPERUSER, tablesSql } from '../accounts.ts'
import * as byHand from '../by-hand.ts'
import { asksServer, rowsOf } from '../direct-query.ts'
import { Launches } from '../launches.ts'
import type { Fault, Lab, LabHost, Way } from '../port.ts'
import { until } from '../until.ts'
import * as daemons from './daemons.ts'
import { type Layout, layoutOf, type NamespaceHost } from './layout.ts'
import { createNetwork, endSilence, inside, silence } from './network.ts'
import { type Account, give, makeFolders, postgresAccount } from './own-folders.ts'
import * as settings from './settings/repmgr.ts'
import { takeDown } from './take-down.ts'
import { way } from './ways.ts'

const READY_MILLIS = 120_000
const FAILOVER_MILLIS = 60_000
/** By then a standby that can follow does. */
const STREAM_MILLIS = 5000
const WHO_SQL = 'host(inet_server_addr())'
const TIMELINE = `select ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline
  where not pg_is_in_recovery()`

export class RepmgrLab implements Lab {
  readonly name = 'repmgr'
  readonly whoSql = WHO_SQL
  readonly layout: Layout
  readonly ways: readonly Way[]
  readonly faults: Readonly<Record<string, Fault>>
  readonly #launches = new Launches()
  #account: Account = { uid: 0, gid: 0 }

  constructor(number = 0) {
    this.layout = layoutOf(number)
    const places = this.layout.hosts.map(({ address, port }) => `${address}:${port}`)
    this.ways = [way('host list', places, places)]
    this.faults = repmgrFaults(this)
  }

  get hosts(): readonly NamespaceHost[] {
    return this.layout.hosts
  }

  directUrl(host: LabHost): string {
    return byHand.superuserUrl(host, DATABASE)
  }

  upstreamOf(host: LabHost): string {
    return settings.conninfoOf(this.hostNamed(host.name))
  }

  hostNamed(name: string): NamespaceHost {
    const found = this.hosts.find((host) => host.name === name)
    if (found === undefined) throw new Error(`The lab has no host "${name}"`)
    return found
  }

  async start(): Promise<void> {
    const { layout } = this
    this.#launches.open()
    const [first, ...others] = layout.hosts
    if (first === undefined) throw new Error('A lab has hosts')
    await this.#launches.run(async () => {
      this.#account = await postgresAccount()
      await makeFolders(layout, this.#account)
      for (const host of layout.hosts)
        await give(settings.repmgrFile(host), {
          text: settings.repmgrSettings(layout, host),
          account: this.#account,
        })
      await createNetwork(layout)
      await this.#createPrimary(first)
    })
    for (const host of others) await this.#launches.run(() => this.cloneFrom(first, host))
    for (const host of layout.hosts) await this.startManager(host)
    await this.untilReady()
  }

  async stop(): Promise<void> {
    await this.#launches.close()
    await takeDown(this.layout)
  }

  async untilReady(millis = READY_MILLIS): Promise<void> {
    await until(
      async () => {
        const leader = await this.primary()
        if (leader === undefined || !(await byHand.leads(this, leader, this.hosts.length - 1))) return false
        const standbys = this.hosts.filter((host) => host !== leader)
        const fit = standbys.map((host) =>
          asksServer(this.directUrl(host), 'select pg_is_in_recovery() as yes'),
        )
        return (await Promise.all(fit)).every(Boolean)
      },
      { what: 'The cluster to be whole', millis },
    )
  }

  /** Of those that say so, the one with the highest timeline: repmgr gives the role away, and takes it from nobody. */
  async primary(): Promise<NamespaceHost | undefined> {
    const found = await Promise.all(
      this.hosts.map(async (host) => {
        const answer = rowsOf<{ timeline: number }>(this.directUrl(host), TIMELINE)
        const [row] = await answer.catch(() => [])
        return { host, timeline: row?.timeline ?? 0 }
      }),
    )
    return found.filter(({ timeline }) => timeline > 0).sort((a, b) => b.timeline - a.timeline)[0]?.host
  }

  async addressHolders(): Promise<readonly string[]> {
    return []
  }

  startServer(host: NamespaceHost): Promise<void> {
    const argv = [path.join(daemons.SERVER_BINARIES, 'postgres'), '-D', host.data]
    return this.#launches.run(() => daemons.launch(host, { name: 'postgres', account: 'postgres', argv }))
  }

  startManager(host: NamespaceHost): Promise<void> {
    const program = path.join(daemons.SERVER_BINARIES, 'repmgrd')
    const argv = [program, '-f', settings.repmgrFile(host), '--daemonize=false']
    return this.#launches.run(() => daemons.launch(host, { name: 'repmgrd', account: 'postgres', argv }))
  }

  /** What is there is thrown away. */
  async cloneFrom(leader: NamespaceHost, host: NamespaceHost): Promise<void> {
    await rm(host.data, { recursive: true, force: true })
    const source = ['-h', leader.address, '-U', settings.REPMGR, '-d', settings.REPMGR]
    await this.#repmgr(host, [...source, 'standby', 'clone', '--fast-checkpoint'])
    await this.startServer(host)
    await until(() => asksServer(this.directUrl(host), 'select pg_is_in_recovery() as yes'), {
      what: `${host.name} to be a standby`,
      millis: READY_MILLIS,
    })
    await this.#repmgr(host, ['standby', 'register', '--force'])
  }

  /**
   * As an operator makes a standby of a primary that has been replaced. repmgr may have promoted one that had received less
   * than another: that one cannot follow, and is cloned anew, too.
   */
  async rejoin(host: NamespaceHost): Promise<void> {
    const leader = await this.primary()
    if (leader === undefined || leader === host) throw new Error(`Nobody has replaced ${host.name}`)
    await this.#cloneAnew(leader, host)
    for (const other of this.hosts.filter((each) => each !== leader && each !== host)) {
      await byHand.follow(this, other, leader)
      if (!(await this.#streams(leader, other))) await this.#cloneAnew(leader, other)
      await this.startManager(other)
    }
  }

  async #cloneAnew(leader: NamespaceHost, host: NamespaceHost): Promise<void> {
    await daemons.terminate(host, 'repmgrd')
    const server = await daemons.postmasterOf(host)
    if (server !== undefined) process.kill(server, 'SIGINT')
    await until(async () => (await daemons.postmasterOf(host)) === undefined, {
      what: `The server of ${host.name} to end`,
      millis: FAILOVER_MILLIS,
    })
    await this.cloneFrom(leader, host)
    await this.startManager(host)
  }

  async #streams(leader: NamespaceHost, { address }: NamespaceHost): Promise<boolean> {
    const sql = `select count(*) > 0 as yes from pg_stat_replication where state = 'streaming' and client_addr = '${address}'`
    const isStreaming = until(() => asksServer(this.directUrl(leader), sql), {
      what: `${address} to stream`,
      millis: STREAM_MILLIS,
    })
    return isStreaming.then(
      () => true,
      () => false,
    )
  }

  /** Resolves when another host than this one takes writes. */
  async untilReplaced(host: NamespaceHost): Promise<void> {
    await until(async () => ![undefined, host].includes(await this.primary()), {
      what: `A primary in place of ${host.name}`,
      millis: FAILOVER_MILLIS,
    })
  }

  async #createPrimary(host: NamespaceHost): Promise<void> {
    const passwords = path.join(host.folder, 'password')
    await give(passwords, { text: SUPERUSER.password, account: this.#account, mode: 0o600 })
    await inside(host, [
      ...[...daemons.AS_POSTGRES, path.join(daemons.SERVER_BINARIES, 'initdb'), '-D', host.data],
      ...['-U', SUPERUSER.username, `--pwfile=${passwords}`, '-k', '-N', '-E', 'UTF8'],
      ...['--locale=C.UTF-8', '-A', 'scram-sha-256'],
    ])
    await appendFile(path.join(host.data, 'postgresql.conf'), settings.serverSettings())
    await appendFile(path.join(host.data, 'pg_hba.conf'), settings.accessSettings(this.layout))
    await this.startServer(host)
    const maintenance = byHand.superuserUrl(host, 'postgres')
    await until(() => asksServer(maintenance, 'select true as yes'), {
      what: 'The first server',
      millis: READY_MILLIS,
    })
    const ours = `create role ${settings.REPMGR} superuser replication login; create database ${settings.REPMGR} owner ${settings.REPMGR}`
    for (const statement of `${ROLES_SQL}${ours}`.split(';'))
      if (statement.trim() !== '') await rowsOf(maintenance, statement)
    await rowsOf(this.directUrl(host), tablesSql(WHO_SQL))
    await this.#repmgr(host, ['primary', 'register'])
  }

  #repmgr(host: NamespaceHost, words: readonly string[]): Promise<string> {
    const home = `HOME=${host.folder}`
    const program = ['/usr/bin/repmgr', '-f', settings.repmgrFile(host)]
    return inside(host, [...daemons.AS_POSTGRES, home, ...program, ...words])
  }
}

/** How long two primaries are left side by side once everybody hears everybody again. */
const SEEN_MILLIS = 3000

function repmgrFaults(lab: RepmgrLab): Readonly<Record<string, Fault>> {
  const kill = async (host: NamespaceHost): Promise<void> => {
    const pid = await daemons.postmasterOf(host)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  }
  const rejoin = (host: LabHost): Promise<void> => lab.rejoin(lab.hostNamed(host.name))
  return {
    'postgres-kill': {
      says: "PostgreSQL's postmaster is killed",
      inject: (host) => kill(lab.hostNamed(host.name)),
      heal: rejoin,
    },
    'killed-and-started-by-hand': {
      says: 'the primary is killed, and when another one is there, somebody starts it again',
      inject: async ({ name }) => {
        const host = lab.hostNamed(name)
        await kill(host)
        await lab.untilReplaced(host)
        await lab.startServer(host)
      },
      heal: rejoin,
    },
    partition: {
      says: 'the host hears nothing of the other servers, and they nothing of it; applications reach all',
      inject: async ({ name }) => {
        const peers = lab.hosts.filter((host) => host.name !== name).map(({ address }) => address)
        await silence(lab.hostNamed(name), { table: 'partition', peers })
      },
      heal: async (host) => {
        await endSilence(lab.hostNamed(host.name), 'partition')
        await new Promise((resolve) => setTimeout(resolve, SEEN_MILLIS))
        await rejoin(host)
      },
    },
  }
}
