// For any text: the configuration is read or refused with a ConfigError, and no password ever shows in a refusal.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../src/config/pool-options.ts'
import { redact } from '../../src/config/redact.ts'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { ConfigError } from '../../src/errors.ts'
import { parseConnectionString } from '../../src/parse-connection-string.ts'
import { hostName } from '../../src/topology/host.ts'

/** The error of a refused configuration, undefined for an accepted one; anything but a ConfigError passes through. */
function refusalOf(options: PoolOptions): ConfigError | undefined {
  try {
    resolveSettings(options, {})
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

/** Everything a log could print of an error. */
function everythingOf(error: ConfigError): string {
  const texts = [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    JSON.stringify(error.faults),
  ]
  return [...texts, inspect(error, { depth: null, showHidden: true })].join('\n')
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'@:/?#[]%,&=+ a1') }),
)

const beginning = fc.constantFrom(
  '',
  'postgres://',
  'postgresql://',
  'jdbc:postgresql:',
  'jdbc:postgresql://',
  'socket:',
  '/',
)

describe('any text', () => {
  test('is read or refused with a ConfigError', () => {
    fc.assert(
      fc.property(beginning, anyText, (prefix, text) => {
        refusalOf({ connectionString: prefix + text })
        refusalOf({ host: text, port: text })
        redact(prefix + text)
      }),
      { numRuns: 2000 },
    )
  })

  test('is read or refused in time that grows with its length', () => {
    for (const piece of ['@', ',', ':', '[', '%', '&', 'a=b&', '%41', ' ', 'targetServerTyp&']) {
      const startedAt = performance.now()
      for (const prefix of ['postgres://', 'jdbc:postgresql://', 'socket:', 'postgres://h/?']) {
        refusalOf({ connectionString: prefix + piece.repeat(20_000) })
        redact(prefix + piece.repeat(20_000))
      }
      // A quadratic reading of these takes tens of seconds; a linear one milliseconds.
      expect(performance.now() - startedAt).toBeLessThan(2000)
    }
  })

  test('as the value of any option is taken or refused with a ConfigError', () => {
    const option = fc.constantFrom(
      'targetServerType',
      'balancer',
      'probeIntervalMillis',
      'hosts',
      'patroni',
      'port',
    )
    fc.assert(
      fc.property(option, fc.anything(), (name, value) => {
        refusalOf({ [name]: value })
      }),
      { numRuns: 500 },
    )
  })
})

describe('a password', () => {
  // Long enough not to be a word of a message by chance, and holding what breaks a URL.
  const password = fc
    .tuple(
      fc.string({ unit: fc.constantFrom(...'@:/?#[]%,&=+ ;') }),
      fc.string({ unit: 'grapheme-ascii', minLength: 4 }),
    )
    .map(([special, text]) => `Zq7${special}xW9${text}`)
  const written = password.chain((secret) =>
    fc.constantFrom(secret, encodeURIComponent(secret), encodeURI(secret)).map((text) => ({ secret, text })),
  )
  const shape = fc.constantFrom<(text: string) => string>(
    (text) => `postgres://app:${text}@h1:0/db`,
    (text) => `postgres://app:${text}@h1:5432,h2:x/db?max=z`,
    (text) => `postgres://app:${text}@[::1/db`,
    // Without a host a raw '@' would make one of what follows it.
    (text) => `postgres://app:${text.replaceAll('@', '')}`,
    (text) => `postgres://${text}@h1:0`,
    (text) => `postgres://h1,h2/${text}@h3`,
    (text) => `postgres://h1:0/db?password=${text}`,
    (text) => `postgres://h1,h2/db?password=${text}&max=${text}`,
    (text) => `postgres://h1,h2/db?user=a&password=${text}&pasword=x`,
    (text) => `postgres://h1,h2/db?monitorPassword=${text}&balancer=${text}`,
    (text) => `jdbc:postgresql://app:${text}@h1/db`,
    (text) => `jdbc:postgresql://h1:0/db?user=a&password=${text}&targetServerType=x`,
    (text) => `mysql://app:${text}@h1/db`,
    (text) => `host=h1 password=${text}`,
    (text) => `socket:app:${text}@x`,
  )

  test('never shows in a refused connection string, however it was written', () => {
    let refused = 0
    fc.assert(
      fc.property(written, shape, ({ secret, text }, write) => {
        const connectionString = write(text)
        const error = refusalOf({ connectionString })
        const shown = (error === undefined ? '' : everythingOf(error)) + redact(connectionString)
        // The mark at its head and the one in its middle: no half of it may show either.
        for (const piece of [secret, text, 'Zq7', 'xW9']) expect(shown).not.toContain(piece)
        if (error !== undefined) refused += 1
      }),
      { numRuns: 3000 },
    )
    expect(refused).toBeGreaterThan(1000)
  })

  test('never shows in a refused object', () => {
    fc.assert(
      fc.property(password, (secret) => {
        const error = refusalOf({
          ...{ user: 'app', password: secret, monitorPassword: [secret], max: 3, probeIntervalMillis: -1 },
          ...{ host: `postgres://app:${secret}@h1`, connectionString: secret },
        } as unknown as PoolOptions)
        if (error === undefined) expect.unreachable()
        else expect(everythingOf(error)).not.toContain('Zq7')
      }),
    )
  })
})

describe('hosts', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/)
  const host = fc.oneof(
    name,
    fc.ipV4(),
    fc.ipV6(),
    name.map((text) => `/var/run/${text}`),
  )
  const port = fc.integer({ min: 1, max: 65535 })
  const hosts = fc.uniqueArray(fc.record({ host, port }), { minLength: 1, maxLength: 8, selector: hostName })
  const inUrl = (entry: { host: string; port: number }) => hostName(entry).replaceAll('/', '%2F')

  test('come back as they were written, in every form', () => {
    fc.assert(
      fc.property(hosts, (list) => {
        const tcp = list.filter((entry) => !entry.host.startsWith('/'))
        const forms: [PoolOptions, typeof list][] = [
          [{ hosts: list }, list],
          [{ host: list.map((entry) => entry.host), port: list.map((entry) => entry.port) }, list],
          [
            {
              host: list.map((entry) => entry.host).join(','),
              port: list.map((entry) => entry.port).join(','),
            },
            list,
          ],
          [{ connectionString: `postgres://app:pw@${list.map(inUrl).join(',')}/db` }, list],
        ]
        if (tcp.length > 0)
          forms.push([{ connectionString: `jdbc:postgresql://${tcp.map(hostName).join(',')}/db` }, tcp])
        for (const [options, expected] of forms) expect(resolveSettings(options, {}).hosts).toEqual(expected)
      }),
    )
  })

  test('come back from a keyword=value string, with all that stands beside them', () => {
    // A database that is a connection string itself would be expanded.
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((value) => !value.includes('\0') && !value.includes('='))
    const quoted = (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`
    fc.assert(
      fc.property(hosts, text, text, (list, password, dbname) => {
        const given = {
          host: list.map((entry) => entry.host).join(','),
          port: list.map((entry) => entry.port).join(','),
          ...{ password, dbname: `db${dbname}` },
        }
        const written = Object.entries(given).map(([keyword, value]) => `${keyword}=${quoted(value)}`)
        const parsed = parseConnectionString(written.join(' '), { env: {} })
        expect(parsed.parameters).toEqual(given)
        expect(parsed.hosts).toEqual(list)
      }),
    )
  })

  test('user, password and database come back from their percent-encoding', () => {
    const text = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((value) => !value.includes('\0') && value.trim() === value)
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent)
        for (const url of [
          `postgres://${u}:${p}@h1/${d}`,
          `jdbc:postgresql://h1/${d}?user=${u}&password=${p}`,
        ]) {
          const { parameters } = parseConnectionString(url, { env: {} })
          const { dbname = parameters.PGDBNAME } = parameters
          expect([parameters.user, parameters.password, dbname]).toEqual([user, password, database])
        }
      }),
    )
  })
})
