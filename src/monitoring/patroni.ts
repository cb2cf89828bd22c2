// Asks one Patroni agent over its REST API. Never throws, never keeps the process alive, holds no opinion; a password is in
// nothing that it says.
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import { errorCode } from '../failover/classify-error.ts'
import type { ManagerResult } from '../topology/manager-word.ts'
import type { Clock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import { readCluster, readPrimary } from './patroni-answer.ts'

export interface PatroniOptions {
  /** `http://host:8008` or `https://...`; a path is kept, credentials must not be in it. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** PEM of the authorities that `https` trusts, in place of the public ones. */
  readonly ca?: string | Buffer | undefined
  /** How long the two questions of one look may take, in ms. */
  readonly timeoutMillis: number
  readonly clock: Clock
}

interface Reply {
  readonly status: number
  readonly text: string
  readonly date: string | undefined
}

/** A cluster of hundreds of members takes less. */
const MOST_BYTES = 1_000_000

export class Patroni {
  readonly #options: PatroniOptions
  readonly #url: URL
  readonly #agent: Agent
  readonly #authorization: string | undefined
  #aborting = new AbortController()

  constructor(options: PatroniOptions) {
    this.#options = options
    this.#url = new URL(options.url)
    const pooling = { keepAlive: true, maxSockets: 2 }
    this.#agent =
      this.#url.protocol === 'https:'
        ? new TlsAgent({ ...pooling, ...(options.ca === undefined ? {} : { ca: options.ca }) })
        : new Agent(pooling)
    const { username, password = '' } = options
    this.#authorization =
      username === undefined
        ? undefined
        : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }

  /** One look: `/cluster` and `/primary` at once. A failure of either is no answer. */
  async probe(): Promise<ManagerResult> {
    const { url: agent, clock, timeoutMillis } = this.#options
    const askedAtMillis = clock()
    const aborting = new AbortController()
    this.#aborting = aborting
    try {
      const asking = Promise.all([
        this.#get('cluster', aborting.signal),
        this.#get('primary', aborting.signal),
      ])
      const [cluster, primary] = await withDeadline(asking, {
        timeoutMillis,
        clock,
        expire: () => aborting.abort(),
      })
      const read = cluster.status === 200 ? readCluster(cluster.text) : null
      if (read === null) throw new Error(`GET /cluster answered ${cluster.status}, which is no cluster`)
      return Object.freeze({
        kind: 'managerAnswer',
        agent,
        askedAtMillis,
        ...read,
        ...readPrimary(primary.status, primary),
      })
    } catch (error) {
      aborting.abort()
      const message = error instanceof Error ? error.message : String(error)
      return Object.freeze({ kind: 'managerFailure', agent, askedAtMillis, code: errorCode(error), message })
    }
  }

  close(): void {
    this.#aborting.abort()
    this.#agent.destroy()
  }

  #get(name: string, signal: AbortSignal): Promise<Reply> {
    const base = this.#url.href.endsWith('/') ? this.#url.href : `${this.#url.href}/`
    const url = new URL(name, base)
    const options: RequestOptions = { agent: this.#agent, signal, headers: { accept: 'application/json' } }
    if (this.#authorization !== undefined) {
      options.headers = { ...options.headers, authorization: this.#authorization }
    }
    return new Promise((resolve, reject) => {
      const asked = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
      asked.on('socket', (socket) => socket.unref())
      asked.on('response', (response) => read(response).then(resolve, reject))
      asked.on('error', reject)
      asked.end()
    })
  }
}

async function read(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > MOST_BYTES) throw new Error(`The answer is longer than ${MOST_BYTES} bytes`)
    chunks.push(chunk as Buffer)
  }
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    date: response.headers.date,
  }
}
