// What a simulated server answers to a look and to a question for its history, by what the asker's role may see.
import type { KnownHistory } from '../../src/topology/node-view.ts'
import type { ProbeResult } from '../../src/topology/probe-result.ts'
import type { Server, Servers } from './servers.ts'

/** In every error that a driver might give; it must never be told. */
export const PASSWORD = 'correct horse'

export function lookAnswer(
  server: Server,
  given: {
    readonly servers: Servers
    readonly askedAtMillis: number
    readonly nowMillis: number
    readonly isPrivileged: boolean
  },
): ProbeResult {
  const { servers, askedAtMillis, nowMillis, isPrivileged } = given
  const isStandby = server.role === 'standby'
  const upstream = server.isReceiving && isPrivileged ? server.upstream : null
  return {
    kind: 'answer',
    askedAtMillis,
    roundTripMillis: 0,
    servingMillis: null,
    isPooled: null,
    role: server.role,
    readOnly: false,
    serverVersion: 180_000,
    serverStartMillis: server.startMillis,
    systemIdentifier: '7001',
    timeline: isStandby && !(isPrivileged && server.isReceiving) ? null : server.timeline,
    writeLsn: null,
    receiveLsn: null,
    replayLsn: null,
    replayAgeMillis: null,
    followers: servers.followers(server, nowMillis),
    receiving: isStandby ? server.isReceiving : null,
    upstream: upstream === null ? null : upstream.place,
    ownAddress: server.place,
    canCommit: null,
    mayTrace: isPrivileged,
  }
}

export function lookFailure(sign: 'refused' | 'silent', askedAtMillis: number): ProbeResult {
  const code = sign === 'refused' ? 'ECONNREFUSED' : 'ETIMEDOUT'
  return { kind: 'failure', askedAtMillis, sign, seenBy: 'monitor', code, message: sign, error: ERRORS[sign] }
}

const ERRORS = {
  refused: Object.assign(new Error('refused'), { password: PASSWORD }),
  silent: Object.assign(new Error('silent'), { password: PASSWORD }),
}

/** Only the primary of that very timeline can tell. */
export function traceAnswer({ timeline: own, role, switches }: Server, timeline: number): KnownHistory {
  const isIt = own === timeline && role === 'primary'
  return { timeline, history: isIt ? { timeline, switches } : null }
}
