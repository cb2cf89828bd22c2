// Clones a running server's data over a replication connection, as pg_basebackup does, which the npm binaries lack.
// Knows nothing of clusters.

import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type pg from 'pg'
import type { Login } from './direct-query.ts'
import { socketOf, withClient } from './direct-query.ts'
import { runProgram } from './run-program.ts'
import type { ServerAccount } from './server-account.ts'
import { serverSpawnOptions } from './server-environment.ts'

const backupMillis = 120_000

/** Fills an empty folder with a copy of the server's data that can start as its standby. */
export async function takeBaseBackup(options: {
  from: Login
  major: number
  account: ServerAccount
  data: string
}): Promise<void> {
  const { from, major, account, data } = options
  let unpacker: ChildProcess | undefined
  const unpacked = runProgram({
    command: 'tar',
    args: ['-x', '-f', '-', '-C', data],
    options: { ...serverSpawnOptions(account), stdio: ['pipe', 'ignore', 'pipe'] },
    deadlineMillis: backupMillis,
    onSpawn: (child) => {
      unpacker = child
    },
  })
  const sink = unpacker?.stdin
  if (!sink) throw new Error('tar was not started with a pipe')
  // A tar that failed tells by its exit; the broken pipe says nothing more.
  sink.on('error', () => {})
  const received = withClient(
    { ...from, replication: 'true' },
    { what: `A base backup from ${from.host}:${from.port}`, millis: backupMillis },
    (client) => receive(client, major, sink),
  )
  try {
    // Whichever fails first ends both.
    await Promise.race([received, unpacked.then(() => received)])
  } finally {
    sink.end()
  }
  await unpacked
}

function receive(client: pg.Client, major: number, sink: Writable): Promise<void> {
  const command =
    major >= 15
      ? "BASE_BACKUP (LABEL 'clone', CHECKPOINT 'fast', WAL true)"
      : "BASE_BACKUP LABEL 'clone' FAST WAL"
  return new Promise((resolve, reject) => {
    client.query(new CopyOutQuery({ command, isTagged: major >= 15, sink, client, resolve, reject }) as never)
  })
}

interface CopyOutOptions {
  readonly command: string
  /** Since 15 each chunk says by its first byte what it is: 'd' for data of the archive. */
  readonly isTagged: boolean
  readonly sink: Writable
  readonly client: pg.Client
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const dataTag = 'd'.charCodeAt(0)

// What pg asks of a query object, for a command that answers with COPY data.
class CopyOutQuery {
  readonly #options: CopyOutOptions
  #failure: Error | undefined

  constructor(options: CopyOutOptions) {
    this.#options = options
  }

  submit(connection: { query(text: string): void }): void {
    connection.query(this.#options.command)
  }

  handleCopyData(message: { chunk: Buffer }): void {
    const { isTagged, sink, client } = this.#options
    if (isTagged && message.chunk[0] !== dataTag) return
    // A copy: pg reuses the buffer behind the chunk before the pipe has taken it.
    if (!sink.write(Buffer.from(isTagged ? message.chunk.subarray(1) : message.chunk))) {
      this.#waitForSink(socketOf(client), sink)
    }
  }

  #waitForSink(socket: Readable, sink: Writable): void {
    // What had arrived still comes as chunks after the pause.
    if (socket.isPaused()) return
    socket.pause()
    sink.once('drain', () => socket.resume())
  }

  handleError(error: Error): void {
    this.#failure ??= error
    // A lost connection brings no "ready" after its error.
    if (!('severity' in error)) this.#options.reject(error)
  }

  handleReadyForQuery(): void {
    if (this.#failure) this.#options.reject(this.#failure)
    else this.#options.resolve()
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
}
