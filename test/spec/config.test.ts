// Runs the tables of configurations: what was given, and the settings or the faults that come of it.
import { expect } from 'vitest'
import type { PoolOptions } from '../../src/config/pool-options.ts'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { ConfigError } from '../../src/errors.ts'
import { hostName } from '../../src/topology/host.ts'
import { specTable } from '../support/spec-table.ts'

interface Row {
  readonly name: string
  /** Short for `options: { connectionString }`. */
  readonly url?: string
  readonly options?: Record<string, unknown>
  readonly env?: Record<string, string>
  /** All hosts, in order, as `host:port`. */
  readonly hosts?: readonly string[]
  /** Some of the settings. */
  readonly settings?: Record<string, unknown>
  /** All of pg's options, the hidden password included. */
  readonly pool?: Record<string, unknown>
  /** All messages, in order; with any, none of the above is expected. */
  readonly faults?: readonly string[]
}

const keys = {
  required: [],
  optional: ['url', 'options', 'env', 'hosts', 'settings', 'pool', 'faults'],
}

for (const table of [
  'libpq-uri',
  'jdbc-url',
  'socket-string',
  'hosts',
  'precedence',
  'target',
  'cluster-options',
  'pool-options',
  'unknown-names',
  'tls',
]) {
  specTable<Row>(new URL(`./config/${table}.yaml`, import.meta.url), keys, runRow)
}

function runRow(row: Row): void {
  const url = row.url === undefined ? {} : { connectionString: row.url }
  const options = { ...url, ...row.options } as PoolOptions
  if (row.faults !== undefined) {
    expect([row.hosts, row.settings, row.pool]).toEqual([undefined, undefined, undefined])
    expect(faultsOf(() => resolveSettings(options, row.env ?? {}))).toEqual(row.faults)
    return
  }
  expect(row.hosts ?? row.settings ?? row.pool, 'the row expects nothing').toBeDefined()
  const settings = resolveSettings(options, row.env ?? {})
  if (row.hosts !== undefined) expect(settings.hosts.map(hostName)).toEqual(row.hosts)
  if (row.settings !== undefined) expect(settings).toMatchObject(row.settings)
  if (row.pool !== undefined) {
    const { password } = settings.poolOptions
    expect({ ...settings.poolOptions, ...(password === undefined ? {} : { password }) }).toEqual(row.pool)
  }
}

function faultsOf(resolve: () => unknown): readonly string[] {
  try {
    resolve()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).faults.map((fault) => fault.message)
  }
  return []
}
