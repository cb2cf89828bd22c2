// The pool that Knex's client works with: a Pool of ours, or one after another where a function provides the settings, which
// count until their `expirationChecker` says otherwise. Knows nothing of Knex's client.
import { isDeepStrictEqual } from 'node:util'
import type { PoolClient } from 'pg'
import type { PoolOptions } from '../config/pool-options.ts'
import type { Pool } from '../pool.ts'

/** Knex's wrapper of a pool that it has not made itself. */
export interface WrappedPool {
  acquire(): { promise: Promise<PoolClient> }
  release(client: PoolClient): boolean
}

/** Where Pools come from. */
export interface ClusterSource {
  /** The present one; none before its settings were provided. */
  readonly cluster: Pool | undefined
  get(): Promise<Pool>
  end(): Promise<void>
}

type Wrap = (lender: { connect(): Promise<PoolClient> }) => WrappedPool

/** Has the names that Knex and its users know of tarn's pools. */
export class ClusterPool {
  readonly source: ClusterSource
  readonly #wrapped: WrappedPool
  #isDestroyed = false

  constructor(source: ClusterSource, wrap: Wrap) {
    this.source = source
    this.#wrapped = wrap({ connect: async () => (await source.get()).connect() })
  }

  get destroyed(): boolean {
    return this.#isDestroyed
  }

  acquire(): { promise: Promise<PoolClient> } {
    return this.#wrapped.acquire()
  }

  release(client: PoolClient): boolean {
    return this.#wrapped.release(client)
  }

  destroy(): Promise<void> {
    this.#isDestroyed = true
    return this.source.end()
  }

  numFree(): number {
    return this.source.cluster?.idleCount ?? 0
  }

  numUsed(): number {
    const { cluster } = this.source
    return cluster === undefined ? 0 : cluster.totalCount - cluster.idleCount
  }

  numPendingAcquires(): number {
    return this.source.cluster?.waitingCount ?? 0
  }
}

export function sourceOf(cluster: Pool): ClusterSource {
  return { cluster, get: async () => cluster, end: () => cluster.end() }
}

type Provided = PoolOptions & { readonly expirationChecker?: () => boolean }
export type Provide = () => Provided | string | Promise<Provided | string>

/** Asks at its first use, and again when what it was told has expired: before it lends, and when a password is wanted. */
export class ProvidedSource implements ClusterSource {
  readonly #provide: Provide
  readonly #make: (settings: PoolOptions) => Pool
  readonly #left: Promise<void>[] = []
  #cluster: Pool | undefined
  #settings: PoolOptions = {}
  #password: PoolOptions['password']
  #isExpired: () => boolean = () => true
  /** Whoever lends has just asked: the login that follows need not. */
  #isFresh = false
  #asking: Promise<void> | null = null

  constructor(provide: Provide, make: (settings: PoolOptions) => Pool) {
    this.#provide = provide
    this.#make = make
  }

  get cluster(): Pool | undefined {
    return this.#cluster
  }

  async get(): Promise<Pool> {
    if (this.#isExpired()) {
      await this.#ask()
      this.#isFresh = true
    }
    return this.#cluster as Pool
  }

  async end(): Promise<void> {
    await this.#asking?.catch(() => {})
    await Promise.all([...this.#left, this.#cluster?.end()])
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #renew(): Promise<void> {
    const provided = await this.#provide()
    const given: Provided = typeof provided === 'string' ? { connectionString: provided } : provided
    // Knex hides a password, and what is hidden is in no spread.
    const { expirationChecker, password: shown, ...settings } = given
    this.#password = shown ?? given.password
    this.#isExpired = expirationChecker ?? (() => false)
    if (this.#cluster !== undefined) {
      if (isDeepStrictEqual(settings, this.#settings)) return
      // Whoever has a client of it may finish.
      this.#left.push(this.#cluster.end())
    }
    this.#settings = settings
    const isSecret = this.#password !== undefined
    this.#cluster = this.#make(isSecret ? { ...settings, password: () => this.#currentPassword() } : settings)
  }

  async #currentPassword(): Promise<string> {
    if (this.#isFresh) this.#isFresh = false
    else if (this.#isExpired()) await this.#ask()
    const password = this.#password
    return (typeof password === 'function' ? await password() : password) as string
  }
}
