// A PgBouncer of one's own in front of a server, where the program is installed.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'

export function hasPgBouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface PgBouncer extends AsyncDisposable {
  /** Without a password: it logs in by itself. */
  readonly url: string
}

/** @param serverUrl its user and password are used for every session. */
export async function startPgBouncer(serverUrl: string, port: number): Promise<PgBouncer> {
  const server = new URL(serverUrl)
  const folder = await mkdtemp(path.join(tmpdir(), 'pg-ha-bouncer-'))
  const login = `user=${server.username} password=${decodeURIComponent(server.password)}`
  const settings = `[databases]
* = host=${server.hostname} port=${server.port} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
unix_socket_dir =
pool_mode = session
`
  const file = path.join(folder, 'pgbouncer.ini')
  await writeFile(file, settings)
  await chmod(folder, 0o755)
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const child = spawn('pgbouncer', ['-q', file], { stdio: 'ignore', cwd: '/', ...account })
  const exited = once(child, 'exit')
  const url = `postgres://${server.username}@127.0.0.1:${port}${server.pathname}`
  await untilServing(url, () => child.exitCode !== null)
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true })
    },
  }
}

async function untilServing(url: string, isOver: () => boolean): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    const error = await client.connect().then(
      () => undefined,
      (each: Error) => each,
    )
    await client.end().catch(() => {})
    if (error === undefined) return
    if (isOver()) throw new Error('PgBouncer did not start', { cause: error })
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
