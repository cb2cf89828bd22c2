// The cluster that Patroni's users run, on one machine: three hosts with PostgreSQL, Patroni and etcd, HAProxy and
// keepalived on two of them, PgBouncer on a fourth. Needs root. Starts and ends it; breaks nothing (see faults.ts).
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DATABASE, ROLES_SQL, SUPERUSER, tablesSql } from '../accounts.ts'
import { asksServer } from '../direct-query.ts'
import { Launches } from '../launches.ts'
import type { Fault, Lab, LabHost, Way } from '../port.ts'
import { until } from '../until.ts'
import { type Daemon, launch } from './daemons.ts'
import { patroniFaults } from './faults.ts'
import {
  type Layout,
  layoutOf,
  type NamespaceHost,
  POOLED_PRIMARY_PORT,
  POOLED_REPLICA_PORT,
} from './layout.ts'
import { addressesOf, createNetwork } from './network.ts'
import { give, makeFolders, postgresAccount } from './own-folders.ts'
import * as rest from './patroni-rest.ts'
import { etcdArguments, patroniSettings } from './settings/patroni.ts'
import * as proxies from './settings/proxies.ts'
import { takeDown } from './take-down.ts'
import { directWays, patroniWays } from './ways.ts'

const READY_MILLIS = 120_000
const ADDRESS_SQL = 'host(inet_server_addr())'

export class PatroniLab implements Lab {
  readonly name: string
  readonly whoSql = ADDRESS_SQL
  readonly layout: Layout
  readonly ways: readonly Way[]
  readonly faults: Readonly<Record<string, Fault>>
  readonly #launches = new Launches()

  /** What holds the virtual address: keepalived in front of HAProxy, or vip-manager on the servers themselves. */
  readonly addressBy: 'keepalived' | 'vip-manager'

  constructor(number = 0, addressBy: PatroniLab['addressBy'] = 'keepalived') {
    this.addressBy = addressBy
    this.name = addressBy === 'keepalived' ? 'Patroni' : 'Patroni with vip-manager'
    this.layout = layoutOf(number)
    this.ways = addressBy === 'keepalived' ? patroniWays(this.layout) : directWays(this.layout)
    this.faults = patroniFaults(this)
  }

  get hosts(): readonly NamespaceHost[] {
    return this.layout.hosts
  }

  directUrl({ address, port }: LabHost): string {
    return `postgres://${SUPERUSER.username}:${SUPERUSER.password}@${address}:${port}/${DATABASE}`
  }

  async start(): Promise<void> {
    const { layout } = this
    this.#launches.open()
    await this.#launches.run(async () => {
      await this.#writeSettings()
      await createNetwork(layout)
    })
    for (const host of layout.hosts) await this.startEtcd(host)
    await until(() => rest.isEtcdHealthy(layout), {
      what: 'etcd to elect a leader',
      millis: READY_MILLIS,
    })
    const [first, ...others] = layout.hosts
    if (first === undefined) throw new Error('A lab has hosts')
    await this.startPatroni(first)
    await until(() => rest.answers(first, 'primary'), { what: 'the first primary', millis: READY_MILLIS })
    for (const host of others) await this.startPatroni(host)
    if (this.addressBy === 'keepalived') await this.#startProxies()
    else for (const host of layout.hosts) await this.startVipManager(host)
    await this.untilReady()
  }

  async #startProxies(): Promise<void> {
    for (const host of this.layout.proxies) {
      await this.startHaproxy(host)
      await this.startKeepalived(host)
    }
    await this.startPgbouncer()
  }

  async stop(): Promise<void> {
    const { layout } = this
    await this.#launches.close()
    await takeDown(layout)
  }

  async untilReady(millis = READY_MILLIS): Promise<void> {
    let missing: string | null = null
    const isReady = async (): Promise<boolean> => {
      missing = await this.#missing()
      return missing === null
    }
    await until(isReady, { what: 'The cluster to be whole', millis }).catch((error: Error) => {
      throw new Error(`${error.message}: ${missing}`)
    })
  }

  async primary(): Promise<NamespaceHost | undefined> {
    const leads = await Promise.all(this.hosts.map((host) => rest.answers(host, 'primary')))
    return this.hosts.find((_, index) => leads[index])
  }

  async makePrimary(host: LabHost): Promise<void> {
    const leader = await this.primary()
    if (leader === undefined || leader.name === host.name) return
    await rest.switchover(leader, host.name)
    await this.untilReady()
  }

  async addressHolders(): Promise<readonly string[]> {
    const holders: string[] = []
    const able = this.addressBy === 'keepalived' ? this.layout.proxies : this.layout.hosts
    for (const host of able)
      if ((await addressesOf(host)).includes(this.layout.virtualAddress)) holders.push(host.name)
    return holders
  }

  async setSynchronous(on: boolean): Promise<void> {
    const leader = await this.primary()
    if (leader === undefined) throw new Error('Nobody leads: the synchronous mode cannot be set')
    await rest.configure(leader, { synchronous_mode: on })
    await until(async () => (await rest.hasSynchronousStandby(leader)) === on, {
      what: `Synchronous mode to be ${on ? 'on' : 'off'}`,
      millis: READY_MILLIS,
    })
  }

  startEtcd(host: NamespaceHost): Promise<void> {
    return this.#launch(host, { name: 'etcd', account: 'postgres', argv: etcdArguments(this.layout, host) })
  }

  startPatroni(host: NamespaceHost): Promise<void> {
    const argv = ['/usr/bin/patroni', path.join(host.folder, 'patroni.yml')]
    return this.#launch(host, { name: 'patroni', account: 'postgres', argv })
  }

  startHaproxy(host: NamespaceHost): Promise<void> {
    const argv = ['/usr/sbin/haproxy', '-W', '-db', '-f', path.join(host.folder, 'haproxy.cfg')]
    return this.#launch(host, { name: 'haproxy', account: 'root', argv })
  }

  startKeepalived(host: NamespaceHost): Promise<void> {
    const file = (name: string): string => path.join(host.folder, name)
    const files = [
      '-f',
      file('keepalived.conf'),
      '-p',
      file('ka.pid'),
      '-r',
      file('vrrp.pid'),
      '-c',
      file('chk.pid'),
    ]
    return this.#launch(host, {
      name: 'keepalived',
      account: 'root',
      argv: ['/usr/sbin/keepalived', '-n', '-l', ...files],
    })
  }

  startVipManager(host: NamespaceHost): Promise<void> {
    const argv = proxies.vipManagerArguments(this.layout, host)
    return this.#launch(host, { name: 'vip-manager', account: 'root', argv })
  }

  async startPgbouncer(): Promise<void> {
    const { pooler } = this.layout
    for (const port of [POOLED_PRIMARY_PORT, POOLED_REPLICA_PORT]) {
      const argv = ['/usr/sbin/pgbouncer', '-q', path.join(pooler.folder, `pgbouncer-${port}.ini`)]
      await this.#launch(pooler, { name: `pgbouncer-${port}`, account: 'postgres', argv })
    }
  }

  #launch(host: NamespaceHost, daemon: Daemon): Promise<void> {
    return this.#launches.run(() => launch(host, daemon))
  }

  /** What is still missing. */
  async #missing(): Promise<string | null> {
    const leader = await this.primary()
    if (leader === undefined) return 'nobody leads'
    const streaming = `select count(*) = ${this.hosts.length - 1} as yes from pg_stat_replication where state = 'streaming'`
    // A host list leads to standbys, too; a proxy's port for writes must lead to the primary.
    const proxied = this.ways.filter(({ writes }) => writes.length < this.hosts.length)
    const found = await Promise.all([
      ...this.hosts
        .filter((host) => host !== leader)
        .map(async (host) => ((await rest.answers(host, 'replica')) ? null : `${host.name} is no replica`)),
      unless(asksServer(this.directUrl(leader), streaming), 'not every standby streams'),
      ...proxied.flatMap(({ writes, reads }) => [
        ...writes.map((url) =>
          unless(asksServer(url, 'select not pg_is_in_recovery() as yes'), `${url} is no primary`),
        ),
        ...reads.map((url) => unless(asksServer(url, 'select true as yes'), `${url} is silent`)),
      ]),
      unless(
        this.addressHolders().then(({ length }) => length === 1),
        'not one host holds the virtual address',
      ),
    ])
    return found.find((one) => one !== null) ?? null
  }

  async #writeSettings(): Promise<void> {
    const { layout } = this
    const account = await postgresAccount()
    await makeFolders(layout, account)
    const own = (file: string, text: string, mode?: number): Promise<void> =>
      give(file, { text, account, ...(mode !== undefined && { mode }) })
    for (const host of layout.hosts)
      await own(path.join(host.folder, 'patroni.yml'), patroniSettings(layout, host), 0o600)
    for (const host of layout.proxies) {
      await writeFile(path.join(host.folder, 'haproxy.cfg'), proxies.haproxySettings(layout))
      await writeFile(path.join(host.folder, 'keepalived.conf'), proxies.keepalivedSettings(layout, host))
      await writeFile(proxies.haproxyCheck(host), proxies.haproxyCheckScript(host), { mode: 0o755 })
    }
    for (const port of [POOLED_PRIMARY_PORT, POOLED_REPLICA_PORT] as const) {
      const file = path.join(layout.pooler.folder, `pgbouncer-${port}.ini`)
      await own(file, proxies.pgbouncerSettings(layout, port))
    }
    await own(proxies.pgbouncerUserFile(layout), proxies.pgbouncerUsers(), 0o600)
    await own(path.join(layout.folder, 'post_bootstrap.sh'), postBootstrap(), 0o755)
  }
}

async function unless(question: Promise<boolean>, complaint: string): Promise<string | null> {
  return (await question) ? null : complaint
}

function postBootstrap(): string {
  return `#!/bin/bash
set -e
psql -X -v ON_ERROR_STOP=1 -d "$1" << 'SQL'
${ROLES_SQL}
\\c ${DATABASE}
${tablesSql(ADDRESS_SQL)}
SQL
`
}
