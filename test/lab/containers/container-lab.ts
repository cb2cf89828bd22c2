// Three servers in containers, without a manager: whoever breaks something is the operator, too. Needs a container engine that
// testcontainers finds. Starts and ends them; what can be broken is in faults.ts.
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  StartupCheckStrategy,
} from 'testcontainers'
import { type ReservedPorts, reservePorts } from '../../../src/testing/free-port.ts'
import { APPLICATION, DATABASE, REPLICATION, ROLES_SQL, tablesSql } from '../accounts.ts'
import * as byHand from '../by-hand.ts'
import { asksServer, rowsOf } from '../direct-query.ts'
import type { Fault, Lab, LabHost, Way } from '../port.ts'
import { until } from '../until.ts'
import { containerFaults } from './faults.ts'
import { SERVER_PORT, serverScript, upstreamOf } from './settings.ts'

const READY_MILLIS = 60_000
const START_MILLIS = 60_000
/** What a server that did not start said last. */
const LAST_LINES = 5
const WHO_SQL = "current_setting('cluster_name')"
const NAMES = ['pgtest1', 'pgtest2', 'pgtest3'] as const

type Runtime = Awaited<ReturnType<typeof getContainerRuntimeClient>>
type Handle = ReturnType<Runtime['container']['getById']>

export class ContainerLab implements Lab {
  readonly name = 'containers'
  readonly whoSql = WHO_SQL
  readonly faults: Readonly<Record<string, Fault>>
  readonly #image: string
  readonly #containers = new Map<string, StartedTestContainer>()
  #hosts: readonly LabHost[] = []
  #network: StartedNetwork | undefined
  #leader: LabHost | undefined
  #reserved: ReservedPorts | undefined

  constructor(image: string) {
    this.#image = image
    this.faults = containerFaults(this)
  }

  get hosts(): readonly LabHost[] {
    return this.#hosts
  }

  get ways(): readonly Way[] {
    const place = this.#hosts.map(({ address, port }) => `${address}:${port}`)
    const url = (at: string): string =>
      `postgres://${APPLICATION.username}:${APPLICATION.password}@${at}/${DATABASE}`
    const each = place.map(url)
    return [
      {
        name: 'host list',
        url: `${url(place.join(','))}?targetServerType=primary`,
        writes: each,
        reads: each,
      },
    ]
  }

  directUrl(host: LabHost): string {
    return byHand.superuserUrl(host, DATABASE)
  }

  upstreamOf({ name }: LabHost): string {
    return upstreamOf(name)
  }

  async start(): Promise<void> {
    this.#reserved = await reservePorts(NAMES.length)
    const { ports } = this.#reserved
    this.#hosts = NAMES.map((name, index) => ({
      ...{ name, address: '127.0.0.1', port: ports[index] ?? 0, self: name },
    }))
    const [first, ...others] = this.#hosts
    if (first === undefined) throw new Error('A lab has hosts')
    this.#network = await new Network().start()
    await this.#run(first, null)
    const maintenance = byHand.superuserUrl(first, 'postgres')
    const replication = `create role ${REPLICATION.username} replication login password '${REPLICATION.password}'`
    for (const statement of [...ROLES_SQL.split(';'), replication])
      if (statement.trim() !== '') await rowsOf(maintenance, statement)
    await rowsOf(this.directUrl(first), tablesSql(WHO_SQL))
    this.#leader = first
    await Promise.all(others.map((host) => this.#run(host, first)))
    await this.untilReady()
  }

  async stop(): Promise<void> {
    const network = this.#network
    this.#network = undefined
    if (network !== undefined) {
      const { container } = await getContainerRuntimeClient()
      // Those, too, whose start has failed.
      const left = await container.dockerode.listContainers({
        all: true,
        filters: { network: [network.getId()] },
      })
      for (const { Id } of left) await container.getById(Id).remove({ force: true, v: true })
      await network.stop()
    }
    this.#containers.clear()
    this.#reserved?.release()
  }

  async untilReady(millis = READY_MILLIS): Promise<void> {
    await until(
      async () => {
        const leader = this.#leader
        if (leader === undefined || !(await byHand.leads(this, leader, this.#hosts.length - 1))) return false
        const standbys = this.#hosts.filter((host) => host !== leader)
        const fit = standbys.map((host) =>
          asksServer(this.directUrl(host), 'select pg_is_in_recovery() as yes'),
        )
        return (await Promise.all(fit)).every(Boolean)
      },
      { what: 'The cluster to be whole', millis },
    )
  }

  /** The operator knows whom he promoted. */
  async primary(): Promise<LabHost | undefined> {
    return this.#leader
  }

  async addressHolders(): Promise<readonly string[]> {
    return []
  }

  /** The best standby takes over; nobody asks what the old primary does. */
  async failOver(): Promise<void> {
    const candidates = this.#hosts.filter((host) => host !== this.#leader)
    this.#leader = await byHand.failOver(this, candidates)
  }

  /** Comes back as a new copy of the primary, whatever is left of it. */
  async rejoin(host: LabHost): Promise<void> {
    if (this.#leader === undefined) throw new Error('Nobody leads')
    await this.#remove(host.name)
    await this.#run(host, this.#leader)
  }

  /** The container, to do with it what testcontainers has no word for. */
  async handle({ name }: LabHost): Promise<Handle> {
    const { container } = await getContainerRuntimeClient()
    return container.getById(this.#started(name).getId())
  }

  async setConnected({ name }: LabHost, isConnected: boolean): Promise<void> {
    const { container } = await getContainerRuntimeClient()
    const network = container.dockerode.getNetwork(this.#network?.getId() ?? '')
    const id = this.#started(name).getId()
    if (isConnected) await network.connect({ Container: id, EndpointConfig: { Aliases: [name] } })
    else await network.disconnect({ Container: id, Force: true })
  }

  #started(name: string): StartedTestContainer {
    const container = this.#containers.get(name)
    if (container === undefined) throw new Error(`The lab has no container "${name}"`)
    return container
  }

  async #run(host: LabHost, leader: LabHost | null): Promise<void> {
    const network = this.#network
    if (network === undefined) throw new Error('The lab has no network')
    const upstream = leader === null ? null : upstreamOf(leader.name)
    const lines: string[] = []
    const container = await new GenericContainer(this.#image)
      .withNetwork(network)
      .withNetworkAliases(host.name)
      // Fixed: a container that is started again would come up on another port.
      .withExposedPorts({ container: SERVER_PORT, host: host.port })
      .withUser('postgres')
      .withEntrypoint(['bash', '-c'])
      .withCommand([serverScript({ name: host.name, upstream })])
      .withWaitStrategy(new Answering(byHand.superuserUrl(host, 'postgres')))
      .withStartupTimeout(START_MILLIS)
      .withLogConsumer((stream) => stream.on('data', (line) => lines.push(String(line).trim())))
      .start()
      .catch((error: Error) => {
        throw new Error(`${host.name}: ${error.message}: ${lines.slice(-LAST_LINES).join('; ')}`)
      })
    this.#containers.set(host.name, container)
  }

  async #remove(name: string): Promise<void> {
    const container = this.#containers.get(name)
    if (container === undefined) return
    this.#containers.delete(name)
    // A frozen container cannot be stopped.
    const handle = (await getContainerRuntimeClient()).container.getById(container.getId())
    await handle.remove({ force: true, v: true })
  }
}

/** Not by a line of its log, which may have ended before it is read: by an answer. */
class Answering extends StartupCheckStrategy {
  readonly #url: string

  constructor(url: string) {
    super()
    this.#url = url
  }

  async checkStartupState(engine: Runtime['container']['dockerode'], id: string) {
    const { State } = await engine.getContainer(id).inspect()
    if (!State.Running) return 'FAIL'
    return (await asksServer(this.#url, 'select true as yes')) ? 'SUCCESS' : 'PENDING'
  }
}
