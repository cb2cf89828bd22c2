// The one place where what is believed changes. In one turn: store the new state, invalidate pools, wake waiters, emit.
import createDebug from 'debug'
import type { LookupFunction } from '../config/settings.ts'
import type { PoolEvent } from '../events.ts'
import { type ClusterState, initialState, nextState, withDrains } from '../failover/cluster-state.ts'
import { type Effect, transition } from '../failover/transition.ts'
import type { Policy } from '../split-brain/hearing.ts'
import { applyAddresses } from '../topology/apply-addresses.ts'
import { applyFailure } from '../topology/apply-failure.ts'
import { applyManager } from '../topology/apply-manager.ts'
import { applyHistory, applyProbe } from '../topology/apply-probe.ts'
import { assertNever } from '../topology/assert-never.ts'
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { withDrain, withoutDrain } from '../topology/drain.ts'
import { entryNames, type Host, needsLookup } from '../topology/host.ts'
import type { ManagerResult } from '../topology/manager-word.ts'
import { isUnresolved, type NodeView } from '../topology/node-view.ts'
import type { NodeFailure, ProbeResult } from '../topology/probe-result.ts'
import type { Clock } from './clock.ts'
import { type Looker, Monitor } from './monitor.ts'
import { inOwnContext } from './own-context.ts'
import { Resolver } from './resolver.ts'
import { doubtfulAddresses, nextAskMillis, nextLookMillis, nextLookupMillis, type Rhythm } from './rhythm.ts'
import { type ReadHistory, Tracer } from './tracer.ts'

const debug = createDebug('pg-ha:judge')

/** What the coordinator asks of the rest; it decides none of it. */
export interface CoordinatorEffects {
  forget(effect: Extract<Effect, { kind: 'forget' }>): void
  invalidate(effect: Extract<Effect, { kind: 'invalidate' }>): void
  destroyLeased(effect: Extract<Effect, { kind: 'destroyLeased' }>): void
  wake(): void
  emit(event: PoolEvent): void
}

/** One agent of the cluster manager, and how it is asked. */
export interface ManagerAgent {
  readonly url: string
  readonly node: string | null
  readonly looker: Looker<ManagerResult>
}

export interface CoordinatorOptions {
  readonly hosts: readonly Host[]
  readonly policy: Policy
  /** Makes what looks at a node, at the address it has now. */
  readonly lookerFor: (node: NodeView) => Looker
  /** Reads where the timeline of a primary comes from. */
  readonly trace: ReadHistory
  readonly manager: readonly ManagerAgent[]
  readonly steadyMillis: number
  readonly names: NameOptions
  readonly clock: Clock
  readonly random: () => number
  readonly effects: CoordinatorEffects
}

/** How the names of the host list are looked up. */
export interface NameOptions {
  /** dns.lookup where there is none. */
  readonly lookup?: LookupFunction | undefined
  readonly timeoutMillis: number
  /** How long the addresses of a name may go without being looked up again. */
  readonly recheckMillis: number
}

export class Coordinator {
  readonly #options: CoordinatorOptions
  readonly #monitor: Monitor
  readonly #manager: Monitor<ManagerResult>
  readonly #resolver: Resolver
  readonly #tracer: Tracer
  /** The entries that have to be looked up. */
  readonly #named: ReadonlySet<string>
  #state: ClusterState
  #review: NodeJS.Timeout | undefined
  #started = false
  #closed = false

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#state = initialState(options.hosts, options.policy, 0)
    const names = entryNames(options.hosts)
    const looksUp = (_: unknown, i: number): boolean => needsLookup(options.hosts[i] as Host)
    this.#named = new Set(names.filter(looksUp))
    this.#monitor = new Monitor({
      clock: options.clock,
      pauseMillis: (node) => nextLookMillis(this.#state, node, this.#rhythm()),
      onResult: (node, result) => this.#learn(node, result),
    })
    this.#manager = new Monitor<ManagerResult>({
      clock: options.clock,
      pauseMillis: () => nextAskMillis(this.#state, this.#rhythm()),
      onResult: (agent, result) => this.#hear(agent, result),
    })
    for (const { url, looker } of options.manager) this.#manager.watch(url, looker)
    this.#tracer = new Tracer({
      ...{
        read: options.trace,
        pauseMillis: options.steadyMillis,
        giveUpMillis: options.policy.settleMillis,
      },
      view: () => this.#state.view,
      onHistory: (name, known) => this.#become(applyHistory(this.#state.view, name, known)),
      clock: options.clock,
    })
    const { recheckMillis } = options.names
    this.#resolver = new Resolver({
      ...options.names,
      names: [...new Set(options.hosts.filter(needsLookup).map(({ host }) => host))],
      clock: options.clock,
      pauseMillis: (name) =>
        nextLookupMillis(this.#state, this.#nodesOf(name), { ...this.#rhythm(), recheckMillis }),
      onAddresses: (name, addresses) => this.#resolved(name, addresses),
      onFailure: (name, failure) => {
        // A name that has led somewhere still does, as far as anybody knows.
        for (const node of this.#nodesOf(name)) if (isUnresolved(node)) this.#learn(node.name, failure)
      },
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
    inOwnContext(() => {
      this.#scheduleReview()
      for (const node of this.#state.view.nodes) if (!isUnresolved(node)) this.#watch(node)
      this.#monitor.start()
      this.#manager.start()
      this.#resolver.start()
    })
  }

  /** A connection in use, or one being made, has failed in a way that says something of its node. */
  report(node: string, failure: NodeFailure): void {
    inOwnContext(() => this.#learn(node, failure))
    if (failure.sign === 'lost' || failure.sign === 'refused') this.#monitor.hurry(node)
  }

  /** From now on the node gets no new work: until it is restarted or has another role, or for this long. */
  drain(node: NodeView, forMillis: number): void {
    const untilMillis = this.#options.clock() + forMillis
    this.#replace(withDrains(this.#state, withDrain(this.#state.drains, node, untilMillis)))
  }

  undrain(node: string): void {
    this.#replace(withDrains(this.#state, withoutDrain(this.#state.drains, node)))
  }

  lookNow(nodes: readonly string[] = this.#state.view.nodes.map((node) => node.name)): void {
    this.#monitor.lookNow(nodes)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#review)
    this.#monitor.close()
    this.#manager.close()
    this.#tracer.close()
    this.#resolver.close()
  }

  #rhythm(): Rhythm {
    const { steadyMillis, clock, random } = this.#options
    return { steadyMillis, nowMillis: clock(), random: random() }
  }

  /** The nodes whose addresses this name gives. */
  #nodesOf(name: string): readonly NodeView[] {
    return this.#state.view.nodes.filter((node) => node.host === name && this.#named.has(node.entry))
  }

  #watch(node: NodeView): void {
    this.#monitor.watch(node.name, this.#options.lookerFor(node))
  }

  /** All entries of one name in one turn. */
  #resolved(name: string, addresses: readonly string[]): void {
    const { view } = this.#state
    const nowMillis = this.#options.clock()
    const entries = new Set(this.#nodesOf(name).map((node) => node.entry))
    const next = [...entries].reduce(
      (before, entry) => applyAddresses(before, entry, { addresses, nowMillis }),
      view,
    )
    if (next !== view) this.#become(next)
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

  #hear(agent: string, result: ManagerResult): void {
    const node = this.#options.manager.find(({ url }) => url === agent)?.node ?? null
    const next = applyManager(this.#state.view, { node, result })
    if (next !== this.#state.view) this.#become(next)
  }

  #become(view: ClusterView): void {
    const { policy, clock } = this.#options
    this.#replace(nextState(this.#state, view, { policy, nowMillis: clock() }))
  }

  #replace(after: ClusterState): void {
    if (this.#closed) return
    const before = this.#state
    this.#state = after
    this.#scheduleReview()
    const effects = transition(before, after)
    if (before.verdict.kind !== after.verdict.kind || before.verdict.rule !== after.verdict.rule) {
      debug(
        'revision %d: %s (%s): %s',
        after.view.revision,
        after.verdict.kind,
        after.verdict.rule,
        after.verdict.reason,
      )
    }
    for (const effect of effects) if (effect.kind !== 'emit') this.#apply(effect)
    for (const { host } of doubtfulAddresses(after, after.judgedAtMillis)) this.#resolver.resolveSoon(host)
    this.#options.effects.wake()
    // Emit last: a listener that queries must find the new pools already open.
    for (const effect of effects) if (effect.kind === 'emit') this.#apply(effect)
  }

  #apply(effect: Effect): void {
    const { effects } = this.#options
    switch (effect.kind) {
      case 'forget':
        this.#monitor.forget(effect.node)
        effects.forget(effect)
        break
      case 'watch': {
        const node = findNode(this.#state.view, effect.node)
        if (node !== undefined) this.#watch(node)
        break
      }
      case 'invalidate':
        effects.invalidate(effect)
        break
      case 'destroyLeased':
        effects.destroyLeased(effect)
        break
      case 'probe':
        this.#monitor.lookNow(effect.nodes)
        break
      case 'trace':
        for (const node of this.#state.view.nodes)
          if (effect.nodes.includes(node.name)) this.#tracer.trace(node)
        break
      case 'askManager':
        this.#manager.lookNow(this.#options.manager.map(({ url }) => url))
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
