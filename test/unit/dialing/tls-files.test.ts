// What is read for TLS, from a folder that stands in for the file system: which files, in which forms, and every fault at once.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TlsSettings } from '../../../src/config/settings.ts'
import { readTlsFiles, type TlsFileAccess, type TlsMaterial } from '../../../src/dialing/tls-files.ts'
import { ConfigError } from '../../../src/errors.ts'
import { type Issued, TestAuthority } from '../../support/test-authority.ts'

let authority: TestAuthority
let client: Issued
let key: KeyObject

beforeAll(async () => {
  authority = await TestAuthority.make()
  client = await authority.issue({ name: 'app' })
  key = createPrivateKey(client.key)
})

const SETTINGS: TlsSettings = {
  ...{ mode: 'require', negotiation: 'postgres', sni: true, certMode: 'allow', channelBinding: 'prefer' },
}

function read(
  files: Readonly<Record<string, string | Buffer>>,
  settings: Partial<TlsSettings>,
  mode = 0o600,
): TlsMaterial {
  const get = (path: string): Buffer => {
    const content = files[path]
    if (content === undefined) throw Object.assign(new Error('missing'), { code: 'ENOENT' })
    return Buffer.from(content)
  }
  const access: TlsFileAccess = {
    readFile: get,
    readFolder: (path) =>
      Object.keys(files).flatMap((name) =>
        name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [],
      ),
    stat: (path) => {
      get(path)
      return { mode: 0o100000 | mode, uid: 1000, isFile: () => true }
    },
    postgresFolder: () => '/home/me/.postgresql',
  }
  return readTlsFiles({ ...SETTINGS, ...settings }, access)
}

describe('certificates are checked', () => {
  test('where there is an authority: named, or in its standard place', () => {
    expect(read({}, {}).verifies).toBe(false)
    expect(read({ '/ca': authority.certificate }, { rootCert: '/ca' }).verifies).toBe(true)
    expect(read({ '/home/me/.postgresql/root.crt': authority.certificate }, {}).verifies).toBe(true)
    expect(read({}, { mode: 'verify-full', rootCert: 'system' }).verifies).toBe(true)
  })

  test('never where that was asked for, nor without TLS', () => {
    const files = { '/ca': authority.certificate }
    expect(read(files, { rootCert: '/ca', neverVerify: true }).verifies).toBe(false)
    expect(read({}, { mode: 'disable', rootCert: '/no' }).verifies).toBe(false)
  })

  test('not without an authority where the mode needs one', () => {
    expect(() => read({}, { mode: 'verify-full' })).toThrow(
      'sslrootcert: root certificate file "/home/me/.postgresql/root.crt" does not exist, and sslmode=verify-full needs one',
    )
  })
})

describe('a key is read', () => {
  const files = (content: string | Buffer) => ({ '/c': client.certificate, '/k': content })
  const named = { cert: '/c', key: '/k' }

  test.each([
    ['PEM', () => key.export({ format: 'pem', type: 'pkcs8' })],
    ['PEM of SEC 1', () => key.export({ format: 'pem', type: 'sec1' })],
    ['DER of PKCS #8, as pgjdbc has it', () => key.export({ format: 'der', type: 'pkcs8' })],
  ])('as %s', (_, content) => {
    expect(read(files(content()), named).context).toBeDefined()
  })

  test.each([
    [
      'PEM',
      () => key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'open sesame' }),
    ],
    [
      'DER',
      () => key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'open sesame' }),
    ],
  ])('encrypted, as %s, with sslpassword and not without', (_, content) => {
    expect(read(files(content()), { ...named, keyPassword: 'open sesame' }).context).toBeDefined()
    expect(() => read(files(content()), named)).toThrow('if it is encrypted, sslpassword is needed')
    const wrong = (): unknown => read(files(content()), { ...named, keyPassword: 'another' })
    expect(wrong).toThrow('could not load private key file "/k" with this sslpassword')
    expect(wrong).not.toThrow('another')
  })

  test('not where others may read it, nor where it is missing', () => {
    expect(() => read(files(client.key), named, 0o640)).toThrow('has group or world access')
    expect(() => read({ '/c': client.certificate }, named)).toThrow(
      'certificate present, but not private key file "/k"',
    )
  })

  test('not where no client certificate is wanted', () => {
    expect(read({}, { ...named, certMode: 'disable' }).context).toBeDefined()
  })
})

test('every fault comes in one error', () => {
  try {
    read({ '/k': client.key }, { rootCert: '/ca', crl: '/crl', crlDir: '/crls', cert: '/c', key: '/k' })
    expect.unreachable()
  } catch (error) {
    expect((error as ConfigError).faults.map(({ option }) => option)).toEqual([
      'sslrootcert',
      'sslcrl',
      'sslcert',
    ])
  }
})

test('every list of revoked certificates of a folder is read', async () => {
  const crl = await authority.revoke([client])
  const files = { '/ca': authority.certificate, '/crls/a': crl, '/crls/b': crl }
  expect(read(files, { rootCert: '/ca', crlDir: '/crls' }).verifies).toBe(true)
  expect(() => read({ ...files, '/crls/c': 'no list' }, { rootCert: '/ca', crlDir: '/crls' })).toThrow(
    ConfigError,
  )
})
