// Whatever Knex does over its own connections, it does over ours: the same behaviours on both, each beside what it has to
// give. Ours with one host, with the hosts of a cluster, and with its reads on standbys.
import knexOf, { type Knex } from 'knex'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PgHaClient } from '../../../src/adapters/knex.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import type { KnexBehaviour, SetUp } from './knex-behaviours/behaviour.ts'
import { connections } from './knex-behaviours/connections.ts'
import { migrations } from './knex-behaviours/migrations.ts'
import { queries } from './knex-behaviours/queries.ts'
import { transactions } from './knex-behaviours/transactions.ts'

let cluster: Cluster
const opened: Knex[] = []

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
})
afterAll(() => cluster?.stop())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((knex) => knex.destroy()))
})

const login = () => {
  const { user, password, database } = cluster
  return { user, password, database }
}
const host = '127.0.0.1'
const oneHost = () => ({ ...login(), host, port: cluster.primary.port })
const allHosts = () => {
  const ports = cluster.nodes.map(({ port }) => port)
  return { ...login(), host: ports.map(() => host), port: ports, startupGraceMillis: 5000 }
}

const SCHEMA = `
  drop schema if exists beside cascade;
  create schema beside;
  create table beside.notes (id serial primary key, name text, n bigint, at timestamptz, data jsonb,
    constraint notes_name_unique unique (name))`

const original = { name: 'Knex by itself', client: 'pg', connection: oneHost } as const
const onOneHost = { name: 'Knex over one host', client: PgHaClient, connection: oneHost } as const
const onCluster = { name: 'Knex over a cluster', client: PgHaClient, connection: allHosts } as const
const onStandbys = {
  name: 'Knex over a cluster, reading on standbys',
  client: PgHaClient,
  connection: () => ({ ...allHosts(), readWriteSplitting: 'auto', readConsistency: 'session' }),
} as const
type Place = typeof original | typeof onOneHost | typeof onCluster | typeof onStandbys

async function hold({ run, gives }: KnexBehaviour, { client, connection }: Place): Promise<void> {
  const place = connection()
  const ask: SetUp['ask'] = async (text, values) => (await cluster.primary.query(text, values)).rows
  await ask(SCHEMA)
  if ('readWriteSplitting' in place) await cluster.waitForReplication()
  const open: SetUp['open'] = (config, other) => {
    const knex = knexOf({
      client,
      connection: (other ?? place) as never,
      searchPath: ['beside'],
      log: { warn: () => {} },
      ...config,
    })
    opened.push(knex)
    return knex
  }
  expect(await run({ knex: open({}), open, ask, connection: place })).toEqual(gives)
}

const all = [...queries, ...transactions, ...connections, ...migrations]

describe.each([
  { place: original, behaviours: all },
  { place: onOneHost, behaviours: [...transactions, ...connections] },
  { place: onCluster, behaviours: all },
  // What cannot be connected to is told by the first statement there: a connection is chosen by what it is to run.
  { place: onStandbys, behaviours: [...queries, ...transactions, ...migrations] },
])('$place.name', ({ place, behaviours }) => {
  test.each(behaviours)('$title', (behaviour) => hold(behaviour, place))
})
