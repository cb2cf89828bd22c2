// A real PgBouncer in front of one server of a cluster, as Debian packages it. Owns its process and its folder, both of
// which go with this process however it ends; knows nothing of what is asked through it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reservePorts } from '../../src/testing/free-port.ts'
import type { Cluster, ClusterNode } from '../../src/testing/index.ts'
import { Reaper } from '../../src/testing/reaper.ts'
import { giveTo, serverAccount } from '../../src/testing/server-account.ts'
import { waitUntil, withDeadline } from '../../src/testing/wait-until.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'

/** Of its `[pgbouncer]` section, by their names there. */
export type Settings = Readonly<Record<string, string | number>>

const PROGRAM = '/usr/sbin/pgbouncer'
const HOST = '127.0.0.1'
const PATIENCE = { what: 'PgBouncer', millis: 10_000 }

export class PgBouncer {
  readonly port: number
  readonly #folder: string
  readonly #freePort: () => void
  readonly #reaper: Reaper
  #process: ChildProcess | null = null

  private constructor(place: { port: number; folder: string; freePort: () => void; reaper: Reaper }) {
    this.port = place.port
    this.#folder = place.folder
    this.#freePort = place.freePort
    this.#reaper = place.reaper
  }

  static async open(
    cluster: Cluster,
    node: ClusterNode,
    { mode, settings = {} }: { mode: PoolMode; settings?: Settings },
  ): Promise<PgBouncer> {
    const { ports, release } = await reservePorts(1)
    const folder = await mkdtemp(join(tmpdir(), 'pg-ha-pgbouncer-'))
    const reaper = new Reaper(folder)
    const bouncer = new PgBouncer({ port: ports[0] ?? 0, folder, freePort: release, reaper })
    await bouncer.#write('users.txt', `"${cluster.user}" "${cluster.password}"\n"monitor" "monitor"\n`)
    await bouncer.#write('pgbouncer.ini', bouncer.#ini(node, { pool_mode: mode, ...settings }))
    await giveTo(serverAccount(), folder)
    await bouncer.start()
    return bouncer
  }

  async start(): Promise<void> {
    const options = { stdio: 'ignore', cwd: '/', ...serverAccount() } as const
    const child = spawn(PROGRAM, ['-q', join(this.#folder, 'pgbouncer.ini')], options)
    this.#process = child
    await once(child, 'spawn')
    if (child.pid !== undefined) this.#reaper.watch(child.pid)
    await waitUntil(async () => {
      if (child.exitCode !== null) throw new Error(`PgBouncer ended with code ${child.exitCode}`)
      return isListening(this.port)
    }, PATIENCE)
  }

  /** At once, without a word to anybody. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await withDeadline(exited, PATIENCE)
  }

  /** Where it keeps its files, and which process it is. */
  get traces(): { readonly folder: string; readonly pid: number | undefined } {
    return { folder: this.#folder, pid: this.#process?.pid }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    this.#freePort()
    await this.#reaper.finish()
  }

  async #write(name: string, text: string): Promise<void> {
    const file = join(this.#folder, name)
    await writeFile(file, text, { mode: 0o600 })
    await giveTo(serverAccount(), file)
  }

  #ini(node: ClusterNode, settings: Settings): string {
    const all: Settings = {
      listen_addr: HOST,
      listen_port: this.port,
      unix_socket_dir: '',
      logfile: join(this.#folder, 'log'),
      auth_type: 'scram-sha-256',
      auth_file: join(this.#folder, 'users.txt'),
      server_login_retry: 0.1,
      ...settings,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
    return ['[databases]', `* = host=${HOST} port=${node.port}`, '[pgbouncer]', ...lines, ''].join('\n')
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
