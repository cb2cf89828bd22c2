// Keeps sessions: which one is speaking, what its writes require, and which standby may answer it. Attached to every
// request on its way to a connection.
import { AsyncLocalStorage } from 'node:async_hooks'
import { ReadSession, type Sight, type SightQuestion } from '../routing/read-session.ts'
import { ReplayMemory } from '../routing/replay-memory.ts'
import { wantsPrimary } from '../routing/request.ts'
import type { WalPosition } from '../routing/wal-position.ts'
import { findNode } from '../topology/cluster-view.ts'
import type { NodeView } from '../topology/node-view.ts'
import type { Attempt, Lease } from './attempt.ts'
import { catchUp } from './catch-up.ts'
import { leaseWith } from './lease.ts'
import { PositionQuestion } from './position-question.ts'

/** How long a standby that may have caught up is waited for. */
const BOUND_MILLIS = 10
/** How soon one request may ask the same standby again, after it had not: others, and the primary, come first. */
const ASK_AGAIN_MILLIS = 100

export interface SessionKeeperOptions {
  readonly clock: () => number
  /** The view, and the primary that is written to. */
  readonly state: () => Pick<SightQuestion, 'view' | 'primary'>
  readonly askPosition: () => Promise<WalPosition | null>
  /** Asks for a look at every node. */
  readonly look: () => void
  /** Lets those who wait for a standby look again. */
  readonly wake: () => void
  /** Sends the request on its way again. */
  readonly reroute: (attempt: Attempt) => void
}

export class SessionKeeper {
  readonly #options: SessionKeeperOptions
  readonly #storage = new AsyncLocalStorage<ReadSession>()
  readonly #shared = new ReadSession()
  readonly #replay: ReplayMemory
  readonly #position: PositionQuestion

  constructor(options: SessionKeeperOptions) {
    this.#options = options
    this.#replay = new ReplayMemory(options.clock)
    this.#position = new PositionQuestion(options.askPosition)
  }

  /** The session of whoever asks; outside of any, the whole pool is one. */
  get current(): ReadSession {
    return this.#storage.getStore() ?? this.#shared
  }

  run<T>(session: ReadSession, work: () => T): T {
    return this.#storage.run(session, work)
  }

  /** Where the WAL ends now, or later; null where nobody answers. */
  positionNow(): Promise<WalPosition | null> {
    return new Promise((resolve) => {
      this.#position.after(resolve)
    })
  }

  /** Binds a request to its session. Once, when it is made: later it is nobody's turn. */
  attach(attempt: Attempt): void {
    const session = this.current
    const { request } = attempt
    if (request.intent === 'write') this.#attachWrite(attempt, session)
    // Around the other: while a node is being found that will do, nothing is written yet.
    if (!wantsPrimary(request) && !session.isFree) this.#attachRead(attempt, session)
  }

  #attachWrite(attempt: Attempt, session: ReadSession): void {
    const { callback } = attempt
    attempt.callback = (error, lease) => {
      if (lease === null) {
        callback(error, null)
        return
      }
      const { node } = lease.pool
      // A session that may write, of a target that a standby will do for: there it can only read.
      if (this.#standby(node) !== null) {
        callback(undefined, lease)
        return
      }
      session.writeBegins(node)
      let isOver = false
      const release: Lease['release'] = (destroy) => {
        lease.release(destroy)
        if (isOver) return
        isOver = true
        this.#position.after((position) => this.#writeEnded(session, position))
      }
      callback(undefined, leaseWith(lease, release))
    }
  }

  #writeEnded(session: ReadSession, position: WalPosition | null): void {
    session.writeEnded(position, this.#options.clock())
    this.#options.wake()
  }

  #attachRead(attempt: Attempt, session: ReadSession): void {
    const { clock, state, look } = this.#options
    const refusedAt = new Map<string, number>()
    const { callback } = attempt
    const { view, primary } = state()
    const written = primary === null ? undefined : findNode(view, primary)
    if (written !== undefined && session.outruns(written, view)) look()
    attempt.accepts = (node) => {
      if (node.state !== 'standby') return session.mayReadPrimary(node, state())
      const sight = this.#sight(session, node)
      if (sight !== 'mayShow') return sight === 'shows'
      return clock() - (refusedAt.get(node.name) ?? Number.NEGATIVE_INFINITY) >= ASK_AGAIN_MILLIS
    }
    attempt.callback = (error, lease) => {
      if (lease === null) {
        callback(error, null)
        return
      }
      this.#admit(session, lease, (isAdmitted, failure) => {
        if (isAdmitted) {
          callback(undefined, this.#watched(session, lease))
          return
        }
        refusedAt.set(lease.pool.node, clock())
        lease.release(failure)
        this.#options.reroute(attempt)
      })
    }
  }

  #watched(session: ReadSession, lease: Lease): Lease {
    const { clock } = this.#options
    const { node } = lease.pool
    session.hasRead(node, clock())
    const release: Lease['release'] = (destroy) => {
      session.hasRead(node, clock())
      lease.release(destroy)
    }
    const isStale = (): boolean => {
      const standby = this.#standby(node)
      return standby !== null && this.#sight(session, standby) !== 'shows'
    }
    return leaseWith(lease, release, isStale)
  }

  /** In the same turn where nothing has to be asked. */
  #admit(session: ReadSession, lease: Lease, callback: (isAdmitted: boolean, failure?: Error) => void): void {
    const standby = this.#standby(lease.pool.node)
    const sight = standby === null ? 'shows' : this.#sight(session, standby)
    const { floor } = session
    if (standby === null || floor === null || sight !== 'mayShow') {
      callback(sight !== 'lacks')
      return
    }
    const { clock } = this.#options
    const serverVersion = standby.answer?.serverVersion ?? null
    const wanted = { position: floor.position, boundMillis: BOUND_MILLIS, serverVersion, clock }
    catchUp(lease.client, wanted).then(
      (replayed) => {
        if (replayed !== null) this.#replay.note(standby.name, replayed)
        const isReached = replayed !== null && replayed >= floor.position
        const age = session.floorAgeMillis(clock())
        if (isReached) this.#replay.noteShown(standby, age)
        else this.#replay.noteLate(standby, age)
        callback(isReached)
      },
      (failure: Error) => callback(false, failure),
    )
  }

  #standby(name: string): NodeView | null {
    const node = findNode(this.#options.state().view, name)
    return node?.state === 'standby' ? node : null
  }

  #sight(session: ReadSession, node: NodeView): Sight {
    return session.sight(node, {
      ...this.#options.state(),
      replay: this.#replay,
      nowMillis: this.#options.clock(),
      boundMillis: BOUND_MILLIS,
    })
  }
}
