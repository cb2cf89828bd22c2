// The cluster that Patroni's users run, on one machine: three hosts with PostgreSQL, Patroni and etcd, HAProxy and
// keepalived on two of them, PgBouncer on a fourth. Needs root. Starts and ends it; breaks nothing (see faults.ts).
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { attempt, command } from '../command.ts'
import { asksServer } from '../direct-query.ts'
import { Launches } from '../launches.ts'
import type { Fault, Lab, LabHost, Way } from '../port.ts'
import { until } from '../until.ts'
import { type Daemon, killAllInside, launch, postmasterOf } from './daemons.ts'
import { patroniFaults } from './faults.ts'
import {
  type Layout,
  layoutOf,
  type NamespaceHost,
  POOLED_PRIMARY_PORT,
  POOLED_REPLICA_PORT,
} from './layout.ts'
import { addressesOf, createNetwork, everyHost, removeNetwork } from './network.ts'
import * as rest from './patroni-rest.ts'
import { DATABASE, ROLES_SQL, SUPERUSER, TABLES_SQL } from './settings/accounts.ts'
import { etcdArguments, patroniSettings } from './settings/patroni.ts'
import * as proxies from './settings/proxies.ts'
import { patroniWays } from './ways.ts'

const READY_MILLIS = 120_000

export class PatroniLab implements Lab {
  readonly name = 'Patroni'
  readonly layout: Layout
  readonly ways: readonly Way[]
  readonly faults: Readonly<Record<string, Fault>>
  readonly #launches = new Launches()

  constructor(number = 0) {
    this.layout = layoutOf(number)
    this.ways = patroniWays(this.layout)
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
      await mkdir(layout.folder, { recursive: true, mode: 0o755 })
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
    for (const host of layout.proxies) {
      await this.startHaproxy(host)
      await this.startKeepalived(host)
    }
    await this.startPgbouncer()
    await this.untilReady()
  }

  async stop(): Promise<void> {
    const { layout } = this
    await this.#launches.close()
    // Patroni before its server, which it would start again; the server before the rest, so that it ends in order.
    const servers = await Promise.all(layout.hosts.map(postmasterOf))
    const segments = await Promise.all(layout.hosts.map(sharedMemoryOf))
    for (const host of everyHost(layout)) await killAllInside(host)
    for (const [index, segment] of segments.entries())
      if (segment !== undefined && servers[index] !== undefined) await attempt(['ipcrm', '-m', segment])
    await removeNetwork(layout)
    await rm(layout.folder, { recursive: true, force: true })
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
    for (const host of this.layout.proxies)
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
    const { uid, gid } = await postgresAccount()
    const give = async (file: string, text: string, mode = 0o644): Promise<void> => {
      await writeFile(file, text, { mode })
      await chown(file, uid, gid)
    }
    for (const host of everyHost(layout)) {
      for (const folder of ['', 'log', 'pids', 'socket', 'etcd']) {
        await mkdir(path.join(host.folder, folder), { recursive: true })
        await chown(path.join(host.folder, folder), uid, gid)
      }
      await chmod(path.join(host.folder, 'etcd'), 0o700)
    }
    for (const host of layout.hosts)
      await give(path.join(host.folder, 'patroni.yml'), patroniSettings(layout, host), 0o600)
    for (const host of layout.proxies) {
      await writeFile(path.join(host.folder, 'haproxy.cfg'), proxies.haproxySettings(layout))
      await writeFile(path.join(host.folder, 'keepalived.conf'), proxies.keepalivedSettings(layout, host))
      await writeFile(proxies.haproxyCheck(host), proxies.haproxyCheckScript(host), { mode: 0o755 })
    }
    for (const port of [POOLED_PRIMARY_PORT, POOLED_REPLICA_PORT] as const) {
      const file = path.join(layout.pooler.folder, `pgbouncer-${port}.ini`)
      await give(file, proxies.pgbouncerSettings(layout, port))
    }
    await give(proxies.pgbouncerUserFile(layout), proxies.pgbouncerUsers(), 0o600)
    await give(path.join(layout.folder, 'post_bootstrap.sh'), postBootstrap(), 0o755)
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
${TABLES_SQL}
SQL
`
}

async function postgresAccount(): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string): Promise<number> => Number(await command(['id', flag, 'postgres']))
  return { uid: await id('-u'), gid: await id('-g') }
}

/** The id of the shared memory that a killed server would leave behind. */
async function sharedMemoryOf(host: NamespaceHost): Promise<string | undefined> {
  const lock = await readFile(path.join(host.data, 'postmaster.pid'), 'utf8').catch(() => '')
  return lock.split('\n')[6]?.trim().split(/\s+/)[1]
}
