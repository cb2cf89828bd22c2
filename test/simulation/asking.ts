// What a client process asks over the simulated network, in the place of Prober, the history reader and Patroni: looks at
// nodes, where timelines come from, the manager's agents.
import type { ManagerAgent } from '../../src/monitoring/coordinator.ts'
import type { ManagerResult } from '../../src/topology/manager-word.ts'
import type { KnownHistory } from '../../src/topology/node-view.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import { lookAnswer, lookFailure, traceAnswer } from './answers.ts'
import type { Surroundings } from './connections.ts'
import type { Manager } from './manager.ts'
import { isAlive, type Server } from './servers.ts'
import type { Sleeper } from './sleeper.ts'

export interface AskingOptions extends Surroundings {
  readonly manager: Manager | null
  /** Whether the monitor's role sees whom standbys follow, and where timelines come from. */
  readonly isPrivileged: boolean
  readonly sleeper: Sleeper
  /** Where the node's name leads to now. */
  readonly serverOf: (node: string) => Server
  readonly timeoutMillis: number
}

interface Talk<T> {
  readonly ask: (askedAtMillis: number) => T
  readonly lost: (askedAtMillis: number) => T
  readonly isSilent?: () => boolean
}

export class Asking {
  readonly #options: AskingOptions

  constructor(options: AskingOptions) {
    this.#options = options
  }

  probe(node: string): Promise<ProbeResult> {
    const { isPrivileged, servers, serverOf, time } = this.#options
    const server = serverOf(node)
    return this.#exchange<ProbeResult>(server.index, {
      isSilent: () => server.isUp && server.isPaused,
      ask: (askedAtMillis) => {
        if (!server.isUp) return lookFailure('refused', askedAtMillis)
        return lookAnswer(server, { servers, askedAtMillis, nowMillis: time.nowMillis, isPrivileged })
      },
      lost: (askedAtMillis) => lookFailure('silent', askedAtMillis),
    })
  }

  trace(node: string, timeline: number): Promise<KnownHistory | null> {
    const server = this.#options.serverOf(node)
    return this.#exchange<KnownHistory | null>(server.index, {
      isSilent: () => !isAlive(server),
      ask: () => traceAnswer(server, timeline),
      lost: () => null,
    })
  }

  agents(): readonly ManagerAgent[] {
    const { manager, servers } = this.#options
    if (manager === null) return []
    return servers.all.map(({ index }) => ({
      url: `http://${index}`,
      node: `n${index}:5432`,
      looker: {
        probe: () =>
          this.#exchange<ManagerResult>(index, {
            ask: (askedAtMillis) => manager.answer(index, { nameOf: (i) => `n${i}`, askedAtMillis }),
            lost: (askedAtMillis) => ({
              ...{ kind: 'managerFailure', agent: `http://${index}`, askedAtMillis },
              ...{ code: 'ETIMEDOUT', message: 'silent' },
            }),
          }),
        close: () => {},
      },
    }))
  }

  /** A question there and an answer back, or what silence means. */
  #exchange<T>(index: number, talk: Talk<T>): Promise<T> {
    const { network, client, time, sleeper, timeoutMillis } = this.#options
    const link = network.link(client, index)
    const askedAtMillis = time.nowMillis
    return new Promise((resolve) => {
      const settle = (result: T): void => sleeper.awake(() => resolve(result))
      const deadline = time.after(timeoutMillis, () => settle(talk.lost(askedAtMillis)))
      network.send(link, 'there', () => {
        if (talk.isSilent?.() === true) return
        const result = talk.ask(askedAtMillis)
        network.send(link, 'back', () => {
          if (!deadline.isCleared) settle(result)
          time.cancel(deadline)
        })
      })
    })
  }
}
