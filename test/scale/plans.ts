// The storms of docs/scale.md.
import type { StormOptions } from './storm.ts'

export const PROCESSES = 10_000

const EACH = {
  max: 10,
  statementMillis: 5,
  idleTimeoutMillis: 10_000,
  connectionTimeoutMillis: Number.POSITIVE_INFINITY,
}
const ROOMY = { loginsPerSecond: 1000, maxConnections: 200_000 }
const ALL = { processes: PROCESSES, statements: 10, each: EACH, server: ROOMY, seed: 1 }

export interface Plan {
  readonly title: string
  readonly options: StormOptions
}

export const PLANS: Readonly<Record<string, Plan>> = {
  roomy: { title: 'Room for every connection', options: ALL },
  tight: {
    title: 'Room for 5,000 sessions',
    options: { ...ALL, server: { ...ROOMY, maxConnections: 5000 } },
  },
  hasty: {
    title: 'Room for every connection, and callers that give a login up after 5 s',
    options: { ...ALL, each: { ...EACH, connectionTimeoutMillis: 5000 } },
  },
}
