// pg-ha/sequelize, used as Sequelize's connection manager and its pool use pg's module. Sequelize itself is under it in
// examples/integrations.
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dialectModule } from '../../../src/adapters/sequelize.ts'
import type { Pool } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { rejection } from '../../support/workload.ts'

interface Config {
  readonly host?: string
  readonly types?: pg.CustomTypesConfig
}

/** What Sequelize looks at before it uses a connection again. */
interface Markable {
  _invalid: boolean
  readonly _ending: boolean
  readonly processID: number
}

type SequelizeClient = pg.Client & Markable

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 })
  await cluster.primary.query('create table notes (id int)')
  await cluster.waitForReplication()
})
afterAll(() => cluster?.stop())

async function connected(pool: Pool, config: Config = {}): Promise<SequelizeClient> {
  const { Client } = dialectModule(pool)
  const client = new Client(config as pg.ClientConfig) as SequelizeClient
  await new Promise<void>((resolve, reject) => {
    client.connect((error: Error | null | undefined) => (error ? reject(error) : resolve()))
  })
  return client
}

async function isOnStandby(client: pg.Client): Promise<unknown> {
  return (await client.query('select pg_is_in_recovery() as is')).rows[0].is
}

test('it is pg, but for the client', async () => {
  await using pool = disposablePool({ connectionString: cluster.url })
  const { Client, ...rest } = dialectModule(pool)
  const { Client: original, ...others } = pg
  expect(Client).not.toBe(original)
  expect(rest).toEqual(others)
})

test('a client is of the primary, and one for the host "standby" of a standby', async () => {
  await using pool = disposablePool({ connectionString: cluster.url })
  const writer = await connected(pool, { host: 'primary' })
  const reader = await connected(pool, { host: 'standby' })
  expect(await isOnStandby(writer)).toBe(false)
  expect(await isOnStandby(reader)).toBe(true)
  expect(writer.processID).toBeTypeOf('number')
  await Promise.all([writer.end(), reader.end()])
})

test('values are read as the client was told to, those of cursors and the like as they were told', async () => {
  await using pool = disposablePool({ connectionString: cluster.url })
  const types = { getTypeParser: () => (text: string) => `<${text}>` } as unknown as pg.CustomTypesConfig
  const client = await connected(pool, { types })
  const day = "select date '2001-02-03' as day"
  expect((await client.query(day)).rows).toEqual([{ day: '<2001-02-03>' }])
  expect((await client.query(`${day} where $1`, [true])).rows).toEqual([{ day: '<2001-02-03>' }])
  expect((await client.query({ text: day, rowMode: 'array' })).rows).toEqual([['<2001-02-03>']])
  expect((await client.query({ text: day, types: pg.types })).rows[0].day).toBeInstanceOf(Date)
  const submitted = new pg.Query(day) as pg.Query & {
    on(event: 'row', listener: (row: object) => void): void
  }
  const row = new Promise((resolve) => submitted.on('row', resolve))
  client.query(submitted)
  expect(await row).toEqual({ day: expect.any(Date) })
  await client.end()
})

test('what Sequelize set in a session is nobody else’s: its end closes the connection', async () => {
  await using pool = disposablePool({ connectionString: cluster.url, max: 1 })
  const client = await connected(pool)
  await client.query("set time zone 'Asia/Tokyo'")
  const removed = once(pool, 'remove')
  await client.end()
  expect(client._ending).toBe(true)
  expect(await rejection(client.query('select 1'))).toMatchObject({
    message: 'Client was closed and is not queryable',
  })
  await removed
  const { rows } = await pool.query('show time zone')
  expect(rows).not.toEqual([{ TimeZone: 'Asia/Tokyo' }])
})

test('a client of a primary that is no more is invalid, its statement rejects, and another one leads to the successor', async () => {
  await using pool = disposablePool({ connectionString: cluster.url })
  const client = await connected(pool, { host: 'primary' })
  expect(client._invalid).toBe(false)
  const ended = new Promise<void>((resolve) => client.on('end', resolve))
  client.on('error', () => {})
  const lost = rejection(client.query('select pg_sleep(60)'))
  const old = cluster.primary
  await old.kill()
  await Promise.all([lost, ended])
  expect(client._invalid).toBe(true)
  const next = connected(pool, { host: 'primary' })
  await cluster.standbys[0]?.promote()
  const successor = await next
  await successor.query('insert into notes values (1)')
  expect(successor._invalid).toBe(false)
  await Promise.all([client.end(), successor.end()])
  await old.rejoin()
})

test('a client is not used again on a node that is being taken out of service', async () => {
  await using pool = disposablePool({ connectionString: cluster.url })
  const writer = await connected(pool, { host: 'primary' })
  const node = pool.cluster.primary ?? ''
  const drained = pool.drain(node, { timeoutMillis: 60_000, holdMillis: 60_000 })
  expect(writer._invalid).toBe(true)
  await writer.end()
  await drained
  pool.undrain(node)
})
