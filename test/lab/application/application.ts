// Starts an application as a process of its own, hears how it goes, and collects its record.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { withDeadline } from '../../../src/testing/wait-until.ts'
import { serveFirst } from '../priority.ts'
import type { ApplicationOptions, ApplicationRecord, Message } from './record.ts'

const LAST_WORDS_MILLIS = 20_000

export class Application {
  readonly options: ApplicationOptions
  readonly way: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #lastWriteStartedAt = 0
  #lastReadStartedAt = 0
  #lastError: string | null = null

  /** `program` is the bundled application. */
  constructor(program: string, { way, ...options }: ApplicationOptions & { readonly way: string }) {
    this.way = way
    this.options = options
    this.#child = spawn(process.execPath, [program, JSON.stringify(options)], {
      env: { ...process.env, NODE_OPTIONS: '' },
      // Of a session of its own, as on a machine of its own: Linux shares the CPU out among sessions.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    serveFirst(this.#child.pid ?? 0)
    this.#ended = once(this.#child, 'exit')
    this.#child.on('message', (message: Message) => {
      if (message.type !== 'progress') return
      this.#lastWriteStartedAt = message.lastWriteStartedAt
      this.#lastReadStartedAt = message.lastReadStartedAt
      this.#lastError = message.lastError
    })
  }

  /** For a message: how it has been doing. */
  get state(): string {
    if (this.#child.exitCode !== null) return `ended with code ${this.#child.exitCode}`
    return this.#lastError ?? 'no error'
  }

  /** Whether a write and a read that began after this time have succeeded. */
  hasWorkedSince(time: number): boolean {
    return this.#lastWriteStartedAt >= time && this.#lastReadStartedAt >= time
  }

  async stop(): Promise<ApplicationRecord> {
    const record = new Promise<ApplicationRecord>((resolve, reject) => {
      this.#child.on('message', (message: Message) => {
        if (message.type === 'record') resolve(message.record)
      })
      void this.#ended.then(() =>
        reject(new Error(`The application ${this.options.id} ended before it was told to`)),
      )
    })
    this.#child.send('stop')
    const given = await withDeadline(record, {
      what: `The record of ${this.options.id}`,
      millis: LAST_WORDS_MILLIS,
    })
    this.#child.disconnect()
    await this.#ended
    return given
  }

  /** Ends it without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
