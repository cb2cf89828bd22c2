// The one place where what is believed changes. In one turn: store the new state, invalidate pools, wake waiters, emit.
import createDebug from 'debug'
import type { PoolEvent } from '../events.ts'
import { type ClusterState, initialState, nextState } from '../failover/cluster-state.ts'
import { type Effect, transition } from '../failover/transition.ts'
import type { Policy } from '../split-brain/hearing.ts'
import { applyFailure } from '../topology/apply-failure.ts'
import { applyProbe } from '../topology/apply-probe.ts'
import { assertNever } from '../topology/assert-never.ts'
import type { ClusterView } from '../topology/cluster-view.ts'
import type { Host } from '../topology/host.ts'
import type { NodeFailure, ProbeResult } from '../topology/probe-result.ts'
import type { Clock } from './clock.ts'
import { type Looker, Monitor } from './monitor.ts'
import { nextLookMillis } from './rhythm.ts'

const debug = createDebug('pg-ha:judge')

/** What the coordinator asks of the rest; it decides none of it. */
export interface CoordinatorEffects {
  invalidate(effect: Extract<Effect, { kind: 'invalidate' }>): void
  destroyLeased(effect: Extract<Effect, { kind: 'destroyLeased' }>): void
  wake(): void
  emit(event: PoolEvent): void
}

export interface CoordinatorOptions {
  readonly hosts: readonly Host[]
  readonly policy: Policy
  readonly lookers: ReadonlyMap<string, Looker>
  readonly steadyMillis: number
  readonly clock: Clock
  readonly random: () => number
  readonly effects: CoordinatorEffects
}

export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #monitor: Monitor
  #state: ClusterState
  #review: NodeJS.Timeout | undefined
  #started = false
  #closed = false

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#state = initialState(options.hosts, options.policy, 0)
    this.#monitor = new Monitor({
      lookers: options.lookers,
      clock: options.clock,
      pauseMillis: (node) =>
        nextLookMillis(this.#state, node, {
          steadyMillis: options.steadyMillis,
          nowMillis: options.clock(),
          random: options.random(),
        }),
      onResult: (node, result) => this.#learn(node, result),
    })
  }

  get state(): ClusterState {
    return this.#state
  }

  /** Begins to look; the first decision's grace is counted from here. Idempotent. */
  start(): void {
    if (this.#started || this.#closed) return
    this.#started = true
    const { hosts, policy, clock } = this.#options
    this.#state = initialState(hosts, policy, clock())
    this.#scheduleReview()
    this.#monitor.start()
  }

  /** A connection in use, or one being made, has failed in a way that says something of its node. */
  report(node: string, failure: NodeFailure): void {
    this.#learn(node, failure)
  }

  lookNow(nodes: readonly string[] = this.#state.view.nodes.map((node) => node.name)): void {
    this.#monitor.lookNow(nodes)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#review)
    this.#monitor.close()
  }

  #learn(node: string, result: ProbeResult): void {
    const { view } = this.#state
    const nowMillis = this.#options.clock()
    const next =
      result.kind === 'answer'
        ? applyProbe(view, node, result)
        : applyFailure(view, node, { failure: result, nowMillis })
    if (next !== view) this.#become(next)
  }

  #become(view: ClusterView): void {
    if (this.#closed) return
    const before = this.#state
    const { policy, clock } = this.#options
    const after = nextState(before, view, { policy, nowMillis: clock() })
    this.#state = after
    this.#scheduleReview()
    const effects = transition(before, after)
    if (before.verdict.kind !== after.verdict.kind || before.verdict.rule !== after.verdict.rule) {
      debug(
        'revision %d: %s (%s): %s',
        view.revision,
        after.verdict.kind,
        after.verdict.rule,
        after.verdict.reason,
      )
    }
    for (const effect of effects) if (effect.kind !== 'emit') this.#apply(effect)
    this.#options.effects.wake()
    // Emit last: a listener that queries must find the new pools already open.
    for (const effect of effects) if (effect.kind === 'emit') this.#apply(effect)
  }

  #apply(effect: Effect): void {
    const { effects } = this.#options
    switch (effect.kind) {
      case 'invalidate':
        effects.invalidate(effect)
        break
      case 'destroyLeased':
        effects.destroyLeased(effect)
        break
      case 'probe':
        this.#monitor.lookNow(effect.nodes)
        break
      case 'emit':
        this.#emit(effect.event)
        break
      default:
        assertNever(effect)
    }
  }

  /** A listener that throws ends the program as from any emitter, but not in the middle of our turn. */
  #emit(event: PoolEvent): void {
    try {
      this.#options.effects.emit(event)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }

  #scheduleReview(): void {
    clearTimeout(this.#review)
    const { reviewAtMillis, view } = this.#state
    if (reviewAtMillis === null) return
    const millis = Math.max(0, reviewAtMillis - this.#options.clock())
    this.#review = setTimeout(() => {
      // Time alone has passed: the same view, judged anew.
      if (this.#state.view === view) this.#become(view)
    }, Math.ceil(millis))
    this.#review.unref()
  }
}
