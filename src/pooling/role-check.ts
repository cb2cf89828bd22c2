// Makes sure that a new connection leads where it should: one address may hide several servers. Servers from version 14
// on report their role at login; older ones are asked once, and so is whatever is behind a pooler: it repeats what it was
// told when it first connected.
import type { PoolClient, PoolConfig } from 'pg'
import { type RouteRequest, wantsPrimary } from '../routing/request.ts'
import { destroyClient, SESSION, type Session, type TrackedClient } from './tracked-client.ts'

/** How long a server may take to say what it is: a connection that has rested for long may be dead without a word. */
const ROLE_MILLIS = 1_000

type Verify = NonNullable<PoolConfig['verify']>

/** A `verify` hook for pg-pool that fills in the role where the server did not report it. */
export function verifyRole(applications: Verify | undefined, isPooled: () => boolean): Verify {
  return (client, done) => {
    const next = applications === undefined ? done : () => applications(client, done)
    const session = (client as unknown as TrackedClient)[SESSION]
    if (isPooled()) Object.assign(session, { isPooled: true, isDirect: false, readOnly: null })
    else if (session.inHotStandby !== null) {
      next()
      return
    }
    ask(client, session).then(() => next(), done)
  }
}

async function ask(client: Pick<PoolClient, 'query'>, session: Session): Promise<void> {
  const { rows } = await client.query<{ standby: string }>({
    text: 'select pg_catalog.pg_is_in_recovery() as standby',
    // The application may parse booleans as it likes.
    types: { getTypeParser: () => String } as never,
  })
  session.inHotStandby = rows[0] === undefined ? null : rows[0].standby === 't'
}

/**
 * Whether this connection leads to a standby although the request must not. One that was opened before a promotion says so
 * still: it is asked. In the same turn where nothing has to be asked.
 */
export function checkRole(
  client: TrackedClient,
  request: RouteRequest,
  callback: (failure: Error | undefined, leadsToStandby: boolean) => void,
): void {
  const isStandby = leadsToStandby(client, request)
  if (!isStandby || client[SESSION].isPooled) {
    callback(undefined, isStandby)
    return
  }
  const timer = setTimeout(() => destroyClient(client), ROLE_MILLIS)
  const settle = (failure?: Error): void => {
    clearTimeout(timer)
    callback(failure, failure !== undefined || leadsToStandby(client, request))
  }
  ask(client, client[SESSION]).then(() => settle(), settle)
}

/** To be asked once for each use. */
function leadsToStandby(client: TrackedClient, request: RouteRequest): boolean {
  const session = client[SESSION]
  const isStandby = session.inHotStandby
  // A pooler's next statement may meet another session, or the same one promoted: the answer is good for this once.
  if (session.isPooled) session.inHotStandby = null
  return wantsPrimary(request) && isStandby === true
}

/** Whether the server itself said so; a pooler's server is not known a moment later. */
export function isOnStandby(client: TrackedClient): boolean {
  return client[SESSION].inHotStandby === true
}

/** Whether the server itself said that nothing can be written in this session unless it asks for it. */
export function isReadOnlySession(client: TrackedClient): boolean {
  const { inHotStandby, readOnly } = client[SESSION]
  return inHotStandby === true || readOnly === true
}

/** Whether the server keeps the client informed of the session's role (from version 14 on). */
export function isRoleReported(client: TrackedClient): boolean {
  const { inHotStandby, readOnly } = client[SESSION]
  return inHotStandby !== null && readOnly !== null
}
