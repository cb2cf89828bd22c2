// A cluster manager with one agent beside every server and a leader's key in a store. Its agents answer as Patroni's do.
import type { ManagerResult } from '../../src/topology/manager-word.ts'
import type { Servers } from './servers.ts'

export class Manager {
  readonly #servers: Servers
  readonly agents: boolean[]
  /** How long ago each takes itself to have seen the store. */
  readonly storeAges: number[]
  leader = 0

  constructor(servers: Servers) {
    this.#servers = servers
    this.agents = servers.all.map(() => true)
    this.storeAges = servers.all.map(() => 0)
  }

  answer(
    index: number,
    { nameOf, askedAtMillis }: { nameOf: (i: number) => string; askedAtMillis: number },
  ): ManagerResult {
    const agent = `http://${index}`
    if (this.agents[index] !== true) {
      return { kind: 'managerFailure', agent, askedAtMillis, code: 'ECONNREFUSED', message: 'refused' }
    }
    return {
      ...{ kind: 'managerAnswer', agent, askedAtMillis },
      members: this.#servers.all.map(({ index: i, timeline }) => ({
        ...{ name: `n${i}`, host: nameOf(i), port: 5432, isSynchronous: false, state: 'running', timeline },
        role: i === this.leader ? 'leader' : 'replica',
      })),
      ...{ member: `n${index}`, holdsLock: index === this.leader, isPaused: false },
      ...{ storeAgeMillis: this.storeAges[index] ?? 0, switchover: null },
    }
  }
}
