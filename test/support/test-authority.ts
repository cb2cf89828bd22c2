// A certificate authority of the test's own: issues certificates for servers and clients, and revokes them. In PEM, as
// PostgreSQL and Node read it.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as never)

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MILLIS = 24 * 60 * 60 * 1000

export interface Issued {
  readonly certificate: string
  readonly key: string
  readonly serialNumber: string
}

export interface Request {
  /** The common name. */
  readonly name: string
  readonly dns?: readonly string[]
  readonly ip?: readonly string[]
  /** Its validity has ended. */
  readonly isExpired?: boolean
}

type Keys = Awaited<ReturnType<typeof generateKeys>>

export class TestAuthority {
  readonly certificate: string
  readonly #keys: Keys
  readonly #subject: string
  #serial = 1

  private constructor(certificate: string, keys: Keys, subject: string) {
    this.certificate = certificate
    this.#keys = keys
    this.#subject = subject
  }

  static async make(name = 'Authority of the test'): Promise<TestAuthority> {
    const keys = await generateKeys()
    const subject = `CN=${name}`
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: subject,
      ...validity(false),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    })
    return new TestAuthority(certificate.toString('pem'), keys, subject)
  }

  async issue({ name, dns = [], ip = [], isExpired = false }: Request): Promise<Issued> {
    const keys = await generateKeys()
    this.#serial += 1
    const serialNumber = this.#serial.toString(16).padStart(4, '0')
    const names = [
      ...dns.map((value) => ({ type: 'dns', value }) as const),
      ...ip.map((value) => ({ type: 'ip', value }) as const),
    ]
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject: `CN=${name}`,
      issuer: this.#subject,
      ...validity(isExpired),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
    })
    return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey), serialNumber }
  }

  /** A list of revoked certificates. */
  async revoke(revoked: readonly Issued[]): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#subject,
      thisUpdate: new Date(Date.now() - DAY_MILLIS),
      nextUpdate: new Date(Date.now() + DAY_MILLIS),
      entries: revoked.map(({ serialNumber }) => ({ serialNumber, revocationDate: new Date() })),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#keys.privateKey,
    })
    // The name that OpenSSL knows.
    return list.toString('pem').replaceAll(' CRL-----', ' X509 CRL-----')
  }
}

function generateKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

function validity(isExpired: boolean): { notBefore: Date; notAfter: Date } {
  const [from, to] = isExpired ? [-2, -1] : [-1, 1]
  return {
    notBefore: new Date(Date.now() + from * DAY_MILLIS),
    notAfter: new Date(Date.now() + to * DAY_MILLIS),
  }
}

async function pemOf(key: Keys['privateKey']): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}
