// What a caller wants: which nodes would do, and in which pool of the node it belongs.
import type { Target } from '../config/settings.ts'

/**
 * `write`: an unrestricted session. `read`: a session that is read-only wherever it runs, so that a read which fell
 * back to the primary behaves as on a standby and can be repeated without harm.
 */
export type Intent = 'read' | 'write'

export interface RouteRequest {
  readonly target: Target
  readonly intent: Intent
}

/** Whether only the primary will do. */
export function wantsPrimary({ target }: RouteRequest): boolean {
  return target === 'read-write' || target === 'primary'
}

/** What `pool.query` and `pool.connect` ask for. Only the strict read targets are kept read-only by force. */
export function ownRequest(target: Target): RouteRequest {
  const readOnly = target === 'read-only' || target === 'standby'
  return Object.freeze({ target, intent: readOnly ? 'read' : 'write' })
}

/** What `pool.read` asks for: a fit standby, else the primary; strict read targets stay strict. */
export function readRequest(target: Target): RouteRequest {
  const strict = target === 'read-only' || target === 'standby'
  return Object.freeze({ target: strict ? target : 'prefer-standby', intent: 'read' })
}

/** What `pool.write` asks for: the primary; one that refuses writes only where the pool's own target accepts it. */
export function writeRequest(target: Target): RouteRequest {
  return Object.freeze({ target: target === 'primary' ? 'primary' : 'read-write', intent: 'write' })
}
