// Claims on the whole of a schedule: what two clients may not say at once, and what the servers' logs must show at the end.
import type { Claims } from './claims.ts'
import type { Client } from './client.ts'
import { isAlive, type Server } from './servers.ts'

/** Two that differ for longer than their looks are apart differ in judgement. */
const DISAGREEMENT_MILLIS = 900

/** Two that see the same claimants, with the same rights and the same word of the manager, never name two of them for long. */
export class Agreement {
  #sinceMillis: number | null = null

  check(claims: Claims, [a, b]: readonly Client[], nowMillis: number): void {
    if (a === undefined || b === undefined) return
    const [one, two] = [a.namedServer, b.namedServer]
    const differ = one !== null && two !== null && one !== two && seeAlike(a, b)
    this.#sinceMillis = differ ? (this.#sinceMillis ?? nowMillis) : null
    const lasts = this.#sinceMillis !== null && nowMillis - this.#sinceMillis > DISAGREEMENT_MILLIS
    const reasons = () => `two sides are fed: ${a.state.verdict.reason} / ${b.state.verdict.reason}`
    claims.check(!lasts, 12, reasons)
  }
}

function seeAlike(a: Client, b: Client): boolean {
  if (a.isAsleep || b.isAsleep || a.isPrivileged !== b.isPrivileged) return false
  if (a.addresses.join() !== b.addresses.join()) return false
  return a.state.verdict.managerNames === b.state.verdict.managerNames && shown(a) === shown(b)
}

function shown({ state }: Client): string {
  return state.verdict.evidence.map(({ node, timeline, support }) => `${node} ${timeline} ${support}`).join()
}

/** No key is anywhere twice, and none is anywhere whose caller was told that nothing was sent. */
export function checkBooks(
  claims: Claims,
  { clients, servers }: { clients: readonly Client[]; servers: readonly Server[] },
): void {
  const refused = new Set(clients.flatMap((client) => client.workload.refused))
  for (const { log, index } of servers) {
    claims.check(new Set(log).size === log.length, 7, () => `n${index} has a key twice`)
    claims.check(!log.some((key) => refused.has(key)), 7, () => `n${index} has a key that was refused`)
  }
  claims.check(servers.some(isAlive), 11, () => 'no server is left')
}
