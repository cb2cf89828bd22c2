// Everything that can be broken in the container lab, and how it is healed. Where a primary is taken away, a standby is
// promoted right after: there is no manager that would. Knows nothing of what clients see.
import { asksServer } from '../direct-query.ts'
import type { Fault, LabHost } from '../port.ts'
import type { ContainerLab } from './container-lab.ts'

const STOP_SECONDS = 10

export function containerFaults(lab: ContainerLab): Readonly<Record<string, Fault>> {
  const rejoin = (host: LabHost): Promise<void> => lab.rejoin(host)
  /** Takes the host away; if it led, another one does from now on. */
  const away =
    (act: (host: LabHost) => Promise<unknown>) =>
    async (host: LabHost): Promise<void> => {
      await act(host)
      if ((await lab.primary()) === host) await lab.failOver()
    }
  return {
    kill: {
      says: 'the container is killed',
      inject: away(async (host) => (await lab.handle(host)).kill()),
      heal: rejoin,
    },
    stop: {
      says: 'the container is stopped in order',
      // The server's own fast shutdown.
      inject: away(async (host) => (await lab.handle(host)).stop({ t: STOP_SECONDS, signal: 'SIGINT' })),
      heal: rejoin,
    },
    freeze: {
      says: 'the container is frozen; when it thaws, its server still takes itself for the primary',
      inject: away(async (host) => (await lab.handle(host)).pause()),
      heal: async (host) => {
        await (await lab.handle(host)).unpause()
        if (!(await asksServer(lab.directUrl(host), 'select not pg_is_in_recovery() as yes'))) return
        await beSeen()
        await lab.rejoin(host)
      },
    },
    disconnect: {
      says: 'the container hears nothing of the others any more; its published port goes on',
      inject: away((host) => lab.setConnected(host, false)),
      heal: rejoin,
    },
    restart: {
      says: 'the container is restarted',
      inject: async (host) => (await lab.handle(host)).restart({ t: STOP_SECONDS }),
      heal: async () => {},
    },
    'promote-another': {
      says: 'a standby is promoted, and nobody stops the primary',
      inject: () => lab.failOver(),
      heal: rejoin,
    },
  }
}

/** How long a primary that came back stays, before the operator sees to it. */
function beSeen(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2000))
}
