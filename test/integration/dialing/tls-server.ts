// A real server whose certificate, authority and rules of access the test changes while it runs.
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { PoolOptions } from '../../../src/index.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../../src/testing/index.ts'
import { waitUntil } from '../../../src/testing/wait-until.ts'
import { type Issued, TestAuthority } from '../../support/test-authority.ts'

/** The name that the server's certificate carries, unless a test says otherwise. */
export const NAME = 'db.test'

/** The application's user: an ordinary one. */
export const USER = 'app'
export const PASSWORD = 'not so secret'

export class TlsServer {
  readonly authority: TestAuthority
  readonly node: ClusterNode
  readonly #cluster: Cluster
  readonly #folder: string
  #files = 0

  private constructor(parts: { authority: TestAuthority; cluster: Cluster; folder: string }) {
    this.authority = parts.authority
    this.#cluster = parts.cluster
    this.#folder = parts.folder
    const [node] = parts.cluster.nodes
    if (node === undefined) throw new Error('A node was expected')
    this.node = node
  }

  static async start(): Promise<TlsServer> {
    const [authority, cluster, folder] = await Promise.all([
      TestAuthority.make(),
      startCluster({ nodes: 1 }),
      mkdtemp(path.join(tmpdir(), 'pg-ha-tls-')),
    ])
    const server = new TlsServer({ authority, cluster, folder })
    await server.#write('root.crt', authority.certificate)
    await server.node.query(`create role ${USER} login password '${PASSWORD}'`)
    await server.admit('host all all all scram-sha-256')
    return server
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
    await this.#cluster.stop()
  }

  /** A file of the client's, for its owner alone. */
  async file(content: string): Promise<string> {
    this.#files += 1
    const file = path.join(this.#folder, `file${this.#files}.pem`)
    await writeFile(file, content, { mode: 0o600 })
    return file
  }

  /** Options that lead to this server by a name. */
  options(more: PoolOptions = {}): PoolOptions {
    return {
      host: NAME,
      port: this.node.directPort,
      user: USER,
      password: PASSWORD,
      database: this.#cluster.database,
      lookup: (_, { all }, answer) => {
        if (all === true) answer(null, [{ address: '127.0.0.1', family: 4 }])
        else answer(null, '127.0.0.1', 4)
      },
      ...more,
    }
  }

  async present({ certificate, key }: Issued): Promise<void> {
    await this.#write('server.crt', certificate)
    await this.#write('server.key', key)
    await this.#set({ ssl: 'on', ssl_ca_file: 'root.crt' })
  }

  async withoutTls(): Promise<void> {
    await this.#set({ ssl: 'off' })
  }

  /** Lines of pg_hba.conf for the application's user, in place of those there are. */
  async admit(...lines: readonly string[]): Promise<void> {
    const own = `host all ${this.#cluster.user} 127.0.0.1/32 scram-sha-256`
    await this.#write('pg_hba.conf', `${[own, ...lines].join('\n')}\n`)
    await this.#reload()
  }

  async #set(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      await this.node.query(`alter system set ${name} = '${value}'`)
    }
    await this.#reload()
  }

  /** Resolves when new connections are made by what stands in the files now. */
  async #reload(): Promise<void> {
    const loadedAt = async () => {
      const { rows } = await this.node.query<{ at: string }>('select pg_conf_load_time()::text as at')
      return rows[0]?.at
    }
    const before = await loadedAt()
    await this.node.reload()
    await waitUntil(async () => (await loadedAt()) !== before, { what: 'The reload', millis: 20_000 })
  }

  async #write(name: string, content: string): Promise<void> {
    const file = path.join(this.node.data, name)
    const { uid, gid } = await stat(this.node.data)
    await writeFile(file, content, { mode: 0o600 })
    await chown(file, uid, gid)
  }
}
