// TLS by libpq's parameters against a real server with certificates of a test authority: which sessions come about, encrypted
// or not, and which are refused before a password goes out.
import { chmod } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../../src/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { type Issued, TestAuthority } from '../../support/test-authority.ts'
import { rejection } from '../../support/workload.ts'
import { NAME, TlsServer, USER } from './tls-server.ts'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

let server: TlsServer
let good: Issued
let root: string

beforeAll(async () => {
  server = await TlsServer.start()
  good = await server.authority.issue({ name: NAME, dns: [NAME] })
  root = await server.file(server.authority.certificate)
})
afterAll(() => server.stop())

interface Session {
  readonly ssl: boolean
  readonly version: string | null
}

/** How the server sees a session of a pool with these options; its error where there is none. */
async function session(options: PoolOptions): Promise<Session> {
  await using pool = disposablePool(server.options(options))
  const { rows } = await pool.query<Session>(
    'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()',
  )
  const [row] = rows
  if (row === undefined) throw new Error('A row was expected')
  return row
}

async function refusal(options: PoolOptions): Promise<{ code: unknown; message: string }> {
  const error = (await rejection(session(options))) as Error & { code?: unknown }
  return { code: error.code, message: error.message }
}

describe('a server with a certificate of its name', () => {
  beforeAll(() => server.present(good))

  test.each([
    ['disable', false],
    ['allow', false],
    ['prefer', true],
    ['require', true],
    ['verify-ca', true],
    ['verify-full', true],
  ] as const)('sslmode=%s: encrypted %s', async (sslmode, ssl) => {
    expect(await session({ sslmode, sslrootcert: root })).toMatchObject({ ssl })
  })

  test.each(['require', 'verify-full'] as const)('%s, negotiated directly', async (sslmode) => {
    expect(await session({ sslmode, sslrootcert: root, sslnegotiation: 'direct' })).toMatchObject({
      ssl: true,
    })
  })

  test('is dialled by hostaddr and checked by its name', async () => {
    const options: PoolOptions = {
      sslmode: 'verify-full',
      sslrootcert: root,
      hostaddr: '127.0.0.1',
      lookup: () => expect.unreachable(),
    }
    expect(await session(options)).toMatchObject({ ssl: true })
    expect(await refusal({ ...options, host: 'other.test' })).toEqual({
      code: 'PGHA_INSECURE',
      message: `server certificate for "${NAME}" does not match host name "other.test"`,
    })
  })

  test('speaks the version that is asked for', async () => {
    const connectionString = `?sslmode=require&ssl_max_protocol_version=TLSv1.2`
    const { host, port, ...rest } = server.options()
    const asked = { ...rest, connectionString: `postgres://${host}:${port}/${connectionString}` }
    await using pool = disposablePool(asked)
    const { rows } = await pool.query('select version from pg_stat_ssl where pid = pg_backend_pid()')
    expect(rows).toEqual([{ version: 'TLSv1.2' }])
  })

  test('is checked for each node of a cluster, by that node’s name', async () => {
    await using pool = disposablePool(
      server.options({
        ...{ host: ['other.test', 'another.test'], sslmode: 'verify-full', sslrootcert: root },
        failoverTimeoutMillis: 500,
      }),
    )
    expect(await rejection(pool.query('select 1'))).toMatchObject({ code: 'PGHA_INSECURE' })
    expect(pool.cluster.nodes).toMatchObject([
      { host: 'other.test', state: 'rejected', address: '127.0.0.1' },
      { host: 'another.test', state: 'rejected', address: '127.0.0.1' },
    ])
    const mixed: PoolOptions = { host: ['other.test', NAME], sslmode: 'verify-full', sslrootcert: root }
    expect(await session(mixed)).toMatchObject({ ssl: true })
  })
})

describe('a server with the certificate of another name', () => {
  beforeAll(async () =>
    server.present(await server.authority.issue({ name: 'x.test', dns: ['x.test', 'y.test'] })),
  )

  test.each(['prefer', 'require', 'verify-ca'] as const)('%s takes it', async (sslmode) => {
    expect(await session({ sslmode, sslrootcert: root })).toMatchObject({ ssl: true })
  })

  test('verify-full does not', async () => {
    expect(await refusal({ sslmode: 'verify-full', sslrootcert: root })).toEqual({
      code: 'PGHA_INSECURE',
      message: `server certificate for "x.test" (and 1 other name) does not match host name "${NAME}"`,
    })
  })
})

describe.each([
  ['an expired certificate', 'CERT_HAS_EXPIRED', { isExpired: true }],
  ['a certificate of another authority', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', { isForeign: true }],
] as const)('a server with %s', (_, code, kind) => {
  beforeAll(async () => {
    const authority = 'isForeign' in kind ? await TestAuthority.make('Another authority') : server.authority
    await server.present(await authority.issue({ name: NAME, dns: [NAME], isExpired: 'isExpired' in kind }))
  })

  test.each(['require', 'verify-ca', 'verify-full'] as const)('%s refuses it', async (sslmode) => {
    expect(await refusal({ sslmode, sslrootcert: root })).toMatchObject({ code })
  })

  test('prefer goes on without TLS, as libpq does', async () => {
    expect(await session({ sslmode: 'prefer', sslrootcert: root })).toMatchObject({ ssl: false })
  })

  test('require without an authority to check by takes it', async () => {
    expect(await session({ sslmode: 'require' })).toMatchObject({ ssl: true })
  })
})

describe('a server with a revoked certificate', () => {
  let crl: string
  beforeAll(async () => {
    const revoked = await server.authority.issue({ name: NAME, dns: [NAME] })
    crl = await server.file(await server.authority.revoke([revoked]))
    await server.present(revoked)
  })

  test.each(['require', 'verify-ca', 'verify-full'] as const)('%s refuses it by sslcrl', async (sslmode) => {
    expect(await refusal({ sslmode, sslrootcert: root, sslcrl: crl })).toMatchObject({ code: 'CERT_REVOKED' })
  })

  test('is taken where no list says so, and a list of others says nothing of another', async () => {
    expect(await session({ sslmode: 'verify-full', sslrootcert: root })).toMatchObject({ ssl: true })
    await server.present(good)
    expect(await session({ sslmode: 'verify-full', sslrootcert: root, sslcrl: crl })).toMatchObject({
      ssl: true,
    })
  })
})

describe('a server without TLS', () => {
  beforeAll(() => server.withoutTls())

  test.each(['disable', 'allow', 'prefer'] as const)('%s goes on without', async (sslmode) => {
    expect(await session({ sslmode })).toEqual({ ssl: false, version: null })
  })

  test.each(['require', 'verify-ca', 'verify-full'] as const)('%s refuses it', async (sslmode) => {
    expect(await refusal({ sslmode, sslrootcert: root })).toEqual({
      code: 'PGHA_INSECURE',
      message: 'server does not support SSL, but SSL was required',
    })
  })

  test('a login that has to be bound to the channel is refused before it begins', async () => {
    expect(await refusal({ sslmode: 'prefer', channel_binding: 'require' })).toEqual({
      code: 'PGHA_INSECURE',
      message: 'channel binding required, but SSL not in use',
    })
  })
})

describe('a server that lets in', () => {
  beforeAll(() => server.present(good))
  afterAll(() => server.admit('host all all all scram-sha-256'))

  test('encrypted sessions only: allow takes TLS at the second try', async () => {
    await server.admit(`hostssl all ${USER} all scram-sha-256`)
    expect(await session({ sslmode: 'allow' })).toMatchObject({ ssl: true })
    expect(await refusal({ sslmode: 'disable' })).toMatchObject({ code: '28000' })
  })

  test('sessions in the clear only: prefer goes without TLS at the second try', async () => {
    await server.admit(`hostnossl all ${USER} all scram-sha-256`)
    expect(await session({ sslmode: 'prefer' })).toMatchObject({ ssl: false })
    expect(await refusal({ sslmode: 'require' })).toMatchObject({ code: '28000' })
  })

  test('a client certificate of its user, and no other', async () => {
    await server.admit(`hostssl all ${USER} all cert`)
    const [mine, other] = await Promise.all([
      server.authority.issue({ name: USER }),
      server.authority.issue({ name: 'somebody' }),
    ])
    const options = async ({ certificate, key }: Issued): Promise<PoolOptions> => ({
      ...{ sslmode: 'verify-full', sslrootcert: root, password: undefined },
      sslcert: await server.file(certificate),
      sslkey: await server.file(key),
    })
    expect(await session(await options(mine))).toMatchObject({ ssl: true })
    expect(await refusal(await options(other))).toMatchObject({ code: '28000' })
    expect(await refusal({ sslmode: 'require' })).toMatchObject({ code: '28000' })
  })

  test('SCRAM bound to the channel', async () => {
    await server.admit(`host all ${USER} all scram-sha-256`)
    expect(await session({ sslmode: 'require', channel_binding: 'require' })).toMatchObject({ ssl: true })
    expect(await session({ sslmode: 'require', require_auth: 'scram-sha-256' })).toMatchObject({ ssl: true })
  })

  test('a password in the clear: not where it was ruled out', async () => {
    await server.admit(`host all ${USER} all password`)
    expect(await session({ sslmode: 'require' })).toMatchObject({ ssl: true })
    expect(await refusal({ sslmode: 'require', channel_binding: 'require' })).toEqual({
      code: 'PGHA_INSECURE',
      message: "channel binding required but not supported by server's authentication request",
    })
    expect(await refusal({ sslmode: 'require', require_auth: '!password,!md5' })).toEqual({
      code: 'PGHA_INSECURE',
      message:
        'authentication method requirement "!password,!md5" failed: server requested a cleartext password',
    })
  })

  test('anybody: not where an answer was demanded', async () => {
    await server.admit(`host all ${USER} all trust`)
    expect(await session({ sslmode: 'require', require_auth: 'none' })).toMatchObject({ ssl: true })
    expect(await refusal({ sslmode: 'require', require_auth: 'scram-sha-256' })).toEqual({
      code: 'PGHA_INSECURE',
      message:
        'authentication method requirement "scram-sha-256" failed: server did not complete authentication',
    })
  })
})

describe('files', () => {
  beforeEach(() => server.present(good))

  test('that are missing are told of when the pool is made, all at once', () => {
    const options = server.options({
      ...{ sslmode: 'verify-full', sslrootcert: '/no/ca.pem', sslcrl: '/no/crl.pem' },
    })
    expect(() => disposablePool(options)).toThrow(
      'Invalid configuration: sslrootcert: the file "/no/ca.pem" cannot be read (ENOENT); sslcrl: the file "/no/crl.pem" cannot be read (ENOENT)',
    )
  })

  test('of a key that others may read are refused', async () => {
    const { certificate, key } = await server.authority.issue({ name: USER })
    const sslkey = await server.file(key)
    await chmod(sslkey, 0o644)
    const options = { sslmode: 'require', sslcert: await server.file(certificate), sslkey } as const
    expect(() => disposablePool(server.options(options))).toThrow('has group or world access')
  })

  test.each(MODES)('of no authority: %s', async (sslmode) => {
    const needsRoot = sslmode.startsWith('verify')
    const home = process.env.HOME
    process.env.HOME = '/nonexistent'
    try {
      if (needsRoot) {
        const hosts = { host: [NAME, 'other.test'] }
        expect(() => disposablePool(server.options({ sslmode, ...hosts }))).toThrow(
          'does not exist, and sslmode',
        )
      } else expect(await session({ sslmode })).toBeDefined()
    } finally {
      process.env.HOME = home
    }
  })
})
