// Runs the tables of the dialects of connection string against what libpq and pgjdbc make of them.
import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../src/config/pool-options.ts'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { NO_FILES, type UserFiles } from '../../src/config/user-files.ts'
import { ConfigError } from '../../src/errors.ts'
import { type ParsedConnectionString, parseConnectionString } from '../../src/parse-connection-string.ts'
import { hostName } from '../../src/topology/host.ts'
import { specTable } from '../support/spec-table.ts'
import { jdbcDifferences, libpqDifferences } from './dialects/differences.ts'

const table = (name: string): URL => new URL(`./dialects/${name}.yaml`, import.meta.url)

type Env = Readonly<Record<string, string>>

/** Undefined where the text is refused, as it must be: with a ConfigError. */
function parsed(text: string, env: Env): ParsedConnectionString | undefined {
  try {
    return parseConnectionString(text, { env })
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return undefined
  }
}

/** Whether a Pool would be refused before it connects. */
function isRefused(options: PoolOptions, env: Env, files?: UserFiles): boolean {
  try {
    resolveSettings(options, env, files)
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return true
  }
}

/** Runs a row; where a difference of its name says so, it must fail. */
function differing(name: string, differences: object, run: () => void): void {
  if (Object.hasOwn(differences, name)) expect(run, 'a difference that makes none').toThrow()
  else run()
}

interface LibpqRow {
  readonly name: string
  readonly uri?: string
  readonly text?: string
  readonly env?: Env
  readonly expect?: Readonly<Record<string, string>>
  readonly hosts?: readonly object[]
  readonly error?: string
  readonly connectError?: string
}

function runLibpqRow(row: LibpqRow, dialect: ParsedConnectionString['dialect'], differences: object): void {
  const text = row.uri ?? row.text ?? ''
  const env = row.env ?? {}
  differing(row.name, differences, () => {
    const found = parsed(text, env)
    if (row.connectError !== undefined) {
      expect(isRefused({ connectionString: text }, env)).toBe(true)
      if (found === undefined) return
    }
    if (row.error !== undefined) expect(found).toBeUndefined()
    else expect({ dialect: found?.dialect, ...found?.parameters }).toEqual({ dialect, ...row.expect })
    if (row.hosts !== undefined) expect(found?.hosts).toEqual(row.hosts)
  })
}

const OUTCOMES = ['env', 'expect', 'hosts', 'error', 'connectError']
specTable<LibpqRow>(table('libpq-uri'), { required: ['uri'], optional: OUTCOMES }, (row) => {
  runLibpqRow(row, 'libpq-uri', libpqDifferences)
})
specTable<LibpqRow>(table('conninfo'), { required: ['text'], optional: OUTCOMES }, (row) => {
  runLibpqRow(row, 'conninfo', {})
})

interface JdbcRow {
  readonly name: string
  readonly url: string
  readonly service?: true
  readonly refused?: true
  readonly hosts?: readonly string[]
  readonly database?: string
  readonly properties?: Readonly<Record<string, string>>
}

/** The service file of pgjdbc's DriverTest. */
const SERVICE_FILE = `
[driverTestService1]
host=test-host1
port=5444
dbname=testdb1

[driverTestService2]
host=test-host1,[::1],test-host2
port=5541,5542
dbname=testdb1
`
const FILES: UserFiles = {
  ...NO_FILES,
  serviceFile: '/home/me/.pg_service.conf',
  readText: () => SERVICE_FILE,
}

const JDBC_KEYS = { required: ['url'], optional: ['service', 'refused', 'hosts', 'database', 'properties'] }
specTable<JdbcRow>(table('jdbc-url'), JDBC_KEYS, (row) => {
  differing(row.name, jdbcDifferences, () => {
    if (row.service === true) runWithService(row)
    else runAlone(row)
  })
})

function runAlone({ url, refused, hosts, database, properties }: JdbcRow): void {
  const found = parsed(url, { PGHOST: 'h9', PGPORT: '9' })
  if (refused === true) {
    expect(found).toBeUndefined()
    expect(isRefused({ connectionString: url }, {})).toBe(true)
    return
  }
  expect(found?.dialect).toBe('jdbc-url')
  expect(found?.hosts.map(hostName)).toEqual(hosts)
  expect(found?.parameters).toMatchObject({ PGDBNAME: database, ...properties })
}

function runWithService({ url, refused, hosts, database }: JdbcRow): void {
  const options = { connectionString: url }
  expect(isRefused(options, {}, FILES)).toBe(refused === true)
  if (refused === true) return
  const settings = resolveSettings(options, { PGHOST: 'h9', PGPORT: '9' }, FILES)
  expect(settings.hosts.map(hostName)).toEqual(hosts)
  expect(settings.poolOptions.database).toBe(database)
}

const MEANINGS = {
  any: 'any',
  primary: 'read-write',
  secondary: 'read-only',
  preferSecondary: 'prefer-standby',
  preferPrimary: 'prefer-primary',
} as const

specTable<{ name: string; means: keyof typeof MEANINGS | 'error' }>(
  table('target-server-type'),
  { required: ['means'] },
  ({ name, means }) => {
    const options = {
      connectionString: `jdbc:postgresql://h1,h2/db?targetServerType=${encodeURIComponent(name)}`,
    }
    expect(isRefused(options, {})).toBe(means === 'error')
    if (means !== 'error') expect(resolveSettings(options, {}).target).toBe(MEANINGS[means])
  },
)

describe('what is parsed', () => {
  test('is frozen through and through', () => {
    const found = parseConnectionString('postgres://u@h1,h2/db', { env: {} })
    for (const value of [found, found.parameters, found.hosts, found.hosts[0]]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })

  test('takes hosts, addresses and ports that the text leaves open from the environment', () => {
    const env = { PGHOST: 'h1,h2', PGHOSTADDR: '10.0.0.1,', PGPORT: '6000' }
    expect(parseConnectionString('dbname=db', { env }).hosts).toEqual([
      { host: 'h1', hostaddr: '10.0.0.1', port: 6000 },
      { host: 'h2', port: 6000 },
    ])
    expect(parseConnectionString('postgres://h9,h8/', { env: { PGPORT: '6000' } }).hosts).toEqual([
      { host: 'h9', port: 5432 },
      { host: 'h8', port: 5432 },
    ])
  })

  test('is expanded where the database is a connection string itself', () => {
    const { parameters } = parseConnectionString("host=h1 user=u dbname='postgres://h2:7/db' port=8", {
      env: {},
    })
    expect(parameters).toEqual({ host: 'h2', user: 'u', dbname: 'db', port: '8' })
  })

  test('says where a fault is, in the words of libpq', () => {
    expect(() => parseConnectionString('postgres://h1,[::1]x/db', { env: {} })).toThrow(
      'unexpected character in URI (expected ":" or "/"), at position 20',
    )
  })

  test('of another type is refused', () => {
    expect(() => parseConnectionString(7 as never)).toThrow('connectionString: 7 given, expected a string')
  })
})
