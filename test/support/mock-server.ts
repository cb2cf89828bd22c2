// PostgreSQL servers of a scripted kind on the loopback, for tests of the choice between them: they log anybody in, or
// fail in their way, report their role as servers do, and answer the monitor's question. They hold no data.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { BASIC_QUERY, FULL_QUERY } from '../../src/monitoring/probe-query.ts'
import {
  AUTHENTICATION_OK,
  type Column,
  errorResponse,
  KEY_DATA,
  oneRow,
  parameterStatus,
  READY,
} from './backend-messages.ts'
import { type HostKind, isClaiming, sqlStateOf } from './host-kind.ts'

export interface MockHost {
  readonly port: number
  readonly kind: HostKind
  /** How often a client has begun to log in. */
  readonly logins: number
  /** Its connections end, and from now on it is of this kind. Not for a host that began as `down`. */
  become(kind: HostKind): Promise<void>
}

export interface MockCluster extends AsyncDisposable {
  readonly hosts: readonly MockHost[]
  /** `127.0.0.1:p1,127.0.0.1:p2`. */
  readonly hostList: string
}

export interface MockOptions {
  /** As before version 14: the role is not reported at login. */
  readonly old?: boolean
  /** The timeline of each host's WAL; 1 where it is not given. */
  readonly timelines?: readonly number[]
  /** Where each host listens, all on one port; without it each has a port of its own on 127.0.0.1. */
  readonly addresses?: readonly string[]
}

/** A query whose answer is the index of the host that gives it. */
export const WHO = 'select host'

const SYSTEM_IDENTIFIER = '7301234567890123456'
const STARTED_MILLIS = 1_700_000_000_000
const BOOLEAN_OID = 16
const INTEGER_OID = 23

export async function startMockCluster(
  kinds: readonly HostKind[],
  options: MockOptions = {},
): Promise<MockCluster> {
  const hosts = kinds.map((kind, index) => new Host({ kind, index, ...options }))
  const [first, ...others] = hosts
  await first?.start()
  for (const host of options.addresses === undefined ? [] : others) host.port = first?.port ?? 0
  await Promise.all(others.map((host) => host.start()))
  return {
    hosts,
    hostList: hosts.map(({ port }) => `127.0.0.1:${port}`).join(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(hosts.map((host) => host.stop()))
    },
  }
}

interface HostOptions {
  readonly kind: HostKind
  readonly index: number
  readonly old?: boolean
  readonly timelines?: readonly number[]
  readonly addresses?: readonly string[]
}

class Host implements MockHost {
  kind: HostKind
  port: number
  logins = 0
  readonly #index: number
  readonly #isOld: boolean
  readonly #timeline: number
  readonly #address: string
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null

  constructor({ kind, index, old = false, timelines = [], addresses = [] }: HostOptions) {
    this.kind = kind
    this.#index = index
    this.#isOld = old
    this.#timeline = timelines[index] ?? 1
    this.#address = addresses[index] ?? '127.0.0.1'
    // Of the ports that need a privilege these have been out of use for decades: nobody listens there.
    this.port = kind === 'down' ? index + 1 : 0
  }

  async start(): Promise<void> {
    if (this.kind === 'down') return
    this.#server = createServer((socket) => this.#serve(socket))
    this.#server.listen(this.port, this.#address)
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  async become(kind: HostKind): Promise<void> {
    this.kind = kind
    await this.stop()
    await this.start()
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    if (server === null) return
    server.close()
    await once(server, 'close')
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    let unread = Buffer.alloc(0)
    let session: Map<string, string> | null = null
    socket.on('data', (bytes) => {
      unread = Buffer.concat([unread, bytes])
      for (;;) {
        // The very first message has no type byte.
        const headBytes = session === null ? 0 : 1
        if (unread.length < headBytes + 4) return
        const end = headBytes + unread.readInt32BE(headBytes)
        if (unread.length < end) return
        const type = unread.toString('latin1', 0, headBytes)
        const body = unread.subarray(headBytes + 4, end)
        unread = unread.subarray(end)
        if (session === null) {
          session = startupParameters(body)
          this.#login(socket, session)
        } else if (type === 'Q') this.#answer(socket, { text: withoutNul(body), session })
        else if (type === 'X') socket.end()
      }
    })
  }

  #login(socket: Socket, session: ReadonlyMap<string, string>): void {
    this.logins += 1
    const { kind } = this
    if (kind === 'silent') return
    const sqlState = sqlStateOf(kind)
    if (!kind.startsWith('err:')) socket.write(AUTHENTICATION_OK)
    if (sqlState !== null) {
      socket.end(errorResponse('FATAL', sqlState, `refused as ${kind}`))
      return
    }
    if (kind === 'hang') return
    const reports: [string, string][] = [['server_version', this.#isOld ? '13.23' : '18.4']]
    if (!this.#isOld) {
      reports.push(['in_hot_standby', onOff(!isClaiming(kind))])
      reports.push(['default_transaction_read_only', onOff(this.#isReadOnly(session))])
    }
    for (const [name, value] of reports) socket.write(parameterStatus(name, value))
    socket.write(KEY_DATA)
    socket.write(READY)
  }

  #answer(socket: Socket, { text, session }: { text: string; session: ReadonlyMap<string, string> }): void {
    const columns = this.#columns(text.trim(), session)
    socket.write(
      columns === null ? errorResponse('ERROR', '42601', `not in the script: ${text}`) : oneRow(columns),
    )
    socket.write(READY)
  }

  #columns(text: string, session: ReadonlyMap<string, string>): readonly Column[] | null {
    const inRecovery = { oid: BOOLEAN_OID, value: isClaiming(this.kind) ? 'f' : 't' }
    const readOnly = this.#isReadOnly(session)
    if (text === WHO) return [{ name: 'host', oid: INTEGER_OID, value: String(this.#index) }]
    if (text === FULL_QUERY.trim()) return this.#evidence(readOnly)
    if (text === BASIC_QUERY.trim()) return this.#evidence(readOnly).slice(0, 2)
    if (/^select (pg_catalog\.)?pg_is_in_recovery\(\)( as standby)?$/.test(text)) {
      return [{ name: text.endsWith('standby') ? 'standby' : 'pg_is_in_recovery', ...inRecovery }]
    }
    if (text === 'show transaction_read_only') {
      return [{ name: 'transaction_read_only', value: onOff(readOnly || !isClaiming(this.kind)) }]
    }
    return null
  }

  #evidence(readOnly: boolean): readonly Column[] {
    const claims = isClaiming(this.kind)
    const lsn = '0/3000060'
    const timeline = this.#timeline.toString(16).toUpperCase().padStart(8, '0')
    const seen: Readonly<Record<string, string | null>> = {
      in_recovery: claims ? 'f' : 't',
      read_only: onOff(readOnly),
      server_version: this.#isOld ? '130023' : '180004',
      // Each is a server of its own.
      server_start_millis: String(STARTED_MILLIS + this.#index),
      system_identifier: SYSTEM_IDENTIFIER,
      wal_file: claims ? `${timeline}0000000000000003` : null,
      write_lsn: claims ? lsn : null,
      receive_lsn: claims ? null : lsn,
      replay_lsn: claims ? null : lsn,
      replay_age_millis: claims ? null : '0',
      followers: '0',
      receivers: claims ? '0' : '1',
      received_tli: claims ? null : String(this.#timeline),
      sender_host: null,
      sender_port: null,
    }
    return Object.entries(seen).map(([name, value]) => ({ name, value }))
  }

  /** By the server's configuration, or because the client asked for it at login. */
  #isReadOnly(session: ReadonlyMap<string, string>): boolean {
    const asked = session.get('options')?.includes('default_transaction_read_only=on') ?? false
    return this.kind === 'primary_ro' || asked
  }
}

function startupParameters(body: Buffer): Map<string, string> {
  const words = body.toString('utf8', 4).split('\0')
  const parameters = new Map<string, string>()
  for (let i = 0; i + 1 < words.length; i += 2) {
    const name = words[i]
    if (name) parameters.set(name, words[i + 1] ?? '')
  }
  return parameters
}

function withoutNul(body: Buffer): string {
  return body.toString('utf8', 0, body.length - 1)
}

function onOff(is: boolean): string {
  return is ? 'on' : 'off'
}
