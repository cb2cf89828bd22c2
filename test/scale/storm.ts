// A failover seen from many processes at once: what the new primary gets of logins, and until when all who waited are served.
// Time, network and server are simulated, from one seed; when to look and when to log in are the library's own rules.
import { nextLookMillis } from '../../src/monitoring/rhythm.ts'
import { playAll } from '../support/cluster-script.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { ProcessOptions, World } from './client-process.ts'
import { LoginServer, type ServerOptions } from './login-server.ts'
import { NaiveProcess } from './naive-process.ts'
import { PacedProcess } from './paced-process.ts'
import { Timeline } from './timeline.ts'

export interface StormOptions {
  readonly processes: number
  /** Statements that wait in each process when the new primary comes. */
  readonly statements: number
  readonly each: ProcessOptions
  readonly server: ServerOptions
  readonly seed: number
}

export type Behaviour = 'pg-ha' | 'naive'

export interface Storm {
  /** At the new primary, by second from the promotion on. */
  readonly loginsPerSecond: readonly number[]
  /** Statements answered, at the end of each second. */
  readonly answeredBySecond: readonly number[]
  readonly logins: number
  readonly peakLogins: number
  readonly refusals: number
  readonly timeouts: number
  readonly mostSessions: number
  /** From the promotion until half, and all, who waited are answered; null: not within the horizon. */
  readonly halfMillis: number | null
  readonly allMillis: number | null
}

export const HORIZON_SECONDS = 120
/** Of whoever tries again after a second, wherever in it. */
const NAIVE_STEP_MILLIS = 1000

export function simulateStorm(behaviour: Behaviour, options: StormOptions): Storm {
  const { processes, statements, each, server: serverOptions, seed } = options
  const timeline = new Timeline()
  const server = new LoginServer(timeline, serverOptions)
  const answers: number[] = []
  let timeouts = 0
  const world: World = {
    timeline,
    server,
    random: seededRandom(seed),
    answered: () => answers.push(timeline.nowMillis),
    timedOut: () => {
      timeouts += 1
    },
  }
  for (let i = 0; i < processes; i++) {
    const application = behaviour === 'naive' ? new NaiveProcess(world, each) : new PacedProcess(world, each)
    const noticed = lookAfterPromotion(world.random)
    for (let j = 0; j < statements; j++) {
      const at = behaviour === 'naive' ? world.random() * NAIVE_STEP_MILLIS : noticed
      timeline.at(at, () => application.ask())
    }
  }
  timeline.run(HORIZON_SECONDS * 1000)
  return report({ server, answers, timeouts, wanted: processes * statements })
}

function report(run: { server: LoginServer; answers: number[]; timeouts: number; wanted: number }): Storm {
  const { server, answers, timeouts, wanted } = run
  const loginsPerSecond = Array.from(server.arrivals, (count) => count ?? 0)
  const lastAt = answers.at(-1) ?? 0
  const answeredBySecond = Array.from({ length: Math.ceil(lastAt / 1000) }, () => 0)
  for (const at of answers) {
    const second = Math.min(Math.floor(at / 1000), answeredBySecond.length - 1)
    answeredBySecond[second] = (answeredBySecond[second] ?? 0) + 1
  }
  let sum = 0
  return {
    loginsPerSecond,
    answeredBySecond: answeredBySecond.map((count) => {
      sum += count
      return sum
    }),
    logins: loginsPerSecond.reduce((all, count) => all + count, 0),
    peakLogins: Math.max(0, ...loginsPerSecond),
    refusals: server.refusals,
    timeouts,
    mostSessions: server.mostSessions,
    halfMillis: answers[Math.ceil(wanted / 2) - 1] ?? null,
    allMillis: answers.length < wanted ? null : lastAt,
  }
}

const AT_REST = playAll([
  { at: 0, see: { a: 'primary tl=1 followers=2', b: 'standby replay=0/20', c: 'standby replay=0/20' } },
])
const WITHOUT_PRIMARY = playAll([
  { at: 0, see: { a: 'primary tl=1 followers=2', b: 'standby replay=0/20', c: 'standby replay=0/20' } },
  { at: 1, see: { a: 'refused' } },
])

function pauseBetweenLooks(when: 'rest' | 'outage', steadyMillis: number, random: number): number {
  const state = when === 'rest' ? AT_REST : WITHOUT_PRIMARY
  return nextLookMillis(state, 'b:5432', { steadyMillis, nowMillis: 2, random })
}

/** When a process that has looked at the standby all through the outage finds the new primary: looks have no common step. */
function lookAfterPromotion(random: () => number): number {
  return random() * pauseBetweenLooks('outage', 1000, random())
}

/** Looks a second that one node gets of all processes: at rest, and a standby while there is no primary. */
export function looksPerSecond(
  when: 'rest' | 'outage',
  { processes, steadyMillis }: { processes: number; steadyMillis: number },
): number {
  return Math.round((processes * 1000) / pauseBetweenLooks(when, steadyMillis, 0.5))
}
