// The client's private key: whether its file is kept as libpq wants it kept, and its content in the form Node takes.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { FaultList } from '../config/fault-list.ts'

export interface FileStatus {
  readonly mode: number
  readonly uid: number
  isFile(): boolean
}

export interface KeyReading {
  readonly path: string
  readonly status: FileStatus
  readonly passphrase: string | undefined
  readonly read: () => Buffer | undefined
  readonly faults: FaultList
}

/** PEM without a passphrase; undefined after a fault. */
export function readKey({ path, status, passphrase, read, faults }: KeyReading): string | undefined {
  const fault = keepingFault(path, status)
  if (fault !== undefined) {
    faults.add('sslkey', fault)
    return undefined
  }
  const content = read()
  if (content === undefined) return undefined
  for (const attempt of ATTEMPTS) {
    try {
      const key = attempt(content, passphrase)
      return key.export({ format: 'pem', type: 'pkcs8' }).toString()
    } catch {
      // Perhaps another form.
    }
  }
  const how =
    passphrase === undefined ? '; if it is encrypted, sslpassword is needed' : ' with this sslpassword'
  faults.add('sslkey', `could not load private key file "${path}"${how}`)
  return undefined
}

/** As libpq: group and others have nothing to do with it, but for a group that may read root's. */
function keepingFault(path: string, status: FileStatus): string | undefined {
  const { mode, uid } = status
  if (!status.isFile()) return `private key file "${path}" is not a regular file`
  const forbidden = uid === 0 ? 0o037 : 0o077
  if ((mode & forbidden) === 0) return undefined
  return `private key file "${path}" has group or world access; file must have permissions u=rw (0600) or less if owned by the current user, or permissions u=rw,g=r (0640) or less if owned by root`
}

const DER_TYPES = ['pkcs8', 'pkcs1', 'sec1'] as const

/** PEM of any kind, then DER of each kind: pgjdbc's keys are PKCS #8 in DER. */
const ATTEMPTS: readonly ((key: Buffer, passphrase: string | undefined) => KeyObject)[] = [
  (key, passphrase) =>
    createPrivateKey({ key, format: 'pem', ...(passphrase !== undefined && { passphrase }) }),
  ...DER_TYPES.map(
    (type) => (key: Buffer, passphrase: string | undefined) =>
      createPrivateKey({ key, format: 'der', type, ...(passphrase !== undefined && { passphrase }) }),
  ),
]
