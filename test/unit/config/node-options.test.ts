// What pg itself makes of the options for one node, next to what it makes of the original.
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { nodeOptions } from '../../../src/config/node-options.ts'
import type { PoolOptions } from '../../../src/config/pool-options.ts'
import { resolveSettings } from '../../../src/config/resolve-settings.ts'

/** The options for the first node. */
function firstNode(options: PoolOptions): pg.PoolConfig {
  const settings = resolveSettings(options, process.env)
  const [host] = settings.hosts
  if (host === undefined) throw new Error('no host')
  return nodeOptions(settings, host)
}

/** What pg would connect with; `connectionParameters` is not in its types. */
function parametersOf(config: pg.ClientConfig): Record<string, unknown> {
  const client = new pg.Client(config) as unknown as { connectionParameters: Record<string, unknown> }
  const { user, database, host, port, password, ssl, sslnegotiation } = client.connectionParameters
  const { options, application_name, client_encoding } = client.connectionParameters
  return {
    ...{ user, database, host, port, password, ssl, sslnegotiation },
    ...{ options, application_name, client_encoding },
  }
}

describe('a plain pool connects as pg does', () => {
  test.each([
    '',
    'postgres://h1/db',
    'postgres://app:secret@h1:5433/db',
    'postgresql://us%40er:p%2Fw%3A@h1/da%20ta?application_name=shop&client_encoding=latin1',
    'postgres://app:p@ss@h1/db',
    'postgres://app:100%@h1/db',
    'postgres://app:a%zb%@h1/db',
    'postgres://app@h1?options=-c%20geqo%3Doff',
    'postgres://[::1]:5433/db',
    'postgres:///db',
    'postgres://app:secret@%2Fvar%2Frun/db',
    'postgres://app:secret@/db?host=/var/run',
    'postgres://h1/db?user=app&password=secret',
    'postgres://h1/db?unknown=1&schema=public',
    'postgres://h1/db?ssl=true',
    'postgres://h1/db?ssl=0',
    'postgres://h1/db?ssl=no-verify',
    'postgres://h1/db?sslmode=disable',
    'postgres://h1/db?sslmode=verify-full&sslnegotiation=direct',
    'postgres://h1/db?sslmode=no-verify',
    'postgres://h1/db?sslnegotiation=direct',
    '/var/run/postgresql db',
    'socket:/some/path?db=orders&encoding=utf8',
    'socket://app:secret@/some/path?db=orders',
  ])('%s', (connectionString) => {
    // Port 5432 is said aloud: the tests must not depend on PGPORT of the machine.
    const options = { port: 5432, connectionString }
    const ours = resolveSettings({ connectionString }, {})
    const [host = { host: '', port: 0 }] = ours.hosts
    expect(parametersOf(nodeOptions(ours, host))).toEqual(parametersOf(options))
  })

  test('options as an object', () => {
    const options = { user: 'app', password: 'secret', host: 'h1', port: 5433, database: 'db', ssl: true }
    expect(parametersOf(firstNode(options))).toEqual(parametersOf(options))
  })
})

describe('one node of several', () => {
  test('gets its own host and port and what all share', () => {
    const settings = resolveSettings(
      { connectionString: 'postgres://app:secret@h1:5433,[::1]:5434/db', max: 3 },
      {},
    )
    const shared = { user: 'app', password: 'secret', database: 'db', max: 3 }
    expect(settings.hosts.map((host) => nodeOptions(settings, host))).toEqual([
      { ...shared, host: 'h1', port: 5433 },
      { ...shared, host: '::1', port: 5434 },
    ])
  })

  test('keeps a password function beside the TLS parameters of the connection string', () => {
    const password = () => 'token'
    const options = firstNode({ connectionString: 'postgres://app@h1,h2/db?ssl=no-verify', password })
    expect(parametersOf(options)).toMatchObject({ user: 'app', password, ssl: { rejectUnauthorized: false } })
  })
})
