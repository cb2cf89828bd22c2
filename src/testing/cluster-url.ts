// Spells the address of one or more nodes as a libpq URI.

import type { Login } from './direct-query.ts'

export function clusterUrl(login: Login, ports: readonly number[]): string {
  const hosts = ports.map((port) => `${login.host}:${port}`).join(',')
  const [user, password, database] = [login.user, login.password, login.database].map(encodeURIComponent)
  return `postgres://${user}:${password}@${hosts}/${database}`
}
