// What a table of configurations cannot say: identity, freezing, what is hidden, and that all faults come in one error.
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../../src/config/pool-options.ts'
import { resolveSettings } from '../../../src/config/resolve-settings.ts'
import { ConfigError } from '../../../src/errors.ts'

describe('the settings', () => {
  test('are frozen with their hosts and the options of pg', () => {
    const settings = resolveSettings({ connectionString: 'postgres://h1,h2/?sslmode=require' }, {})
    for (const value of [
      settings,
      settings.hosts,
      settings.hosts[0],
      settings.poolOptions,
      settings.poolOptions.ssl,
    ]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })

  test('leave what the user gave as it was', () => {
    const ssl = { rejectUnauthorized: false }
    const password = () => 'secret'
    const host = ['h1', 'h2']
    const options: PoolOptions = { ssl, password, host }
    const settings = resolveSettings(options, {})
    expect(settings.poolOptions.ssl).toBe(ssl)
    expect(settings.poolOptions.password).toBe(password)
    expect([ssl, host, options].some((value) => Object.isFrozen(value))).toBe(false)
    expect(options).toEqual({ ssl, password, host })
  })

  test('hide the password', () => {
    const settings = resolveSettings({ connectionString: 'postgres://app:hunter2@h1,h2/db' }, {})
    expect(settings.poolOptions.password).toBe('hunter2')
    expect(inspect(settings, { depth: null }) + JSON.stringify(settings)).not.toContain('hunter2')
  })

  test("take the hidden password of another pool's options", () => {
    const options = Object.defineProperty({ user: 'app' }, 'password', { value: 'hunter2' })
    expect(resolveSettings(options, {}).poolOptions.password).toBe('hunter2')
  })

  test('of no options are those of pg', () => {
    expect(resolveSettings(undefined, {})).toEqual(resolveSettings({}, {}))
    expect(resolveSettings(undefined, {}).poolOptions).toEqual({})
  })
})

describe('faults', () => {
  const faulty = {
    connectionString: 'postgres://h1:0,h2/db?targetServertype=primary',
    balancer: 'fastest',
    failoverTimeoutMillis: -1,
    hostz: [],
  } as unknown as PoolOptions

  test('of every kind come in one error', () => {
    try {
      resolveSettings(faulty, { PGLOADBALANCEHOSTS: 'yes' })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError)
      const { code, faults, message } = error as ConfigError
      expect(code).toBe('PGHA_CONFIG')
      expect(faults.map((fault) => fault.option)).toEqual([
        'connectionString',
        'hostz',
        'targetServertype',
        'PGLOADBALANCEHOSTS',
        'balancer',
        'failoverTimeoutMillis',
      ])
      for (const fault of faults) expect(message).toContain(fault.message)
    }
  })

  test('of options that are no object', () => {
    const options = 'postgres://app:hunter2@h1/db' as unknown as PoolOptions
    expect(() => resolveSettings(options, {})).toThrow(
      'options: a string of 28 characters given, expected an object such as { connectionString }',
    )
  })
})
