// Faults to plant into a copy of the code, and the claim that must find each: a checker that finds nothing proves nothing.

export interface PlantedFault {
  readonly what: string
  /** From the root of the repository. */
  readonly file: string
  readonly from: string
  readonly to: string
  /** The claims of which one must be broken by it. */
  readonly finds: readonly number[]
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    what: 'writes go to any claimant',
    file: 'src/routing/fitness.ts',
    from: "node.state === 'primary' && writableNode(verdict) === node.name",
    to: "node.state === 'primary' && verdict !== null",
    finds: [1],
  },
  {
    what: 'two primaries are decided between by the first looks',
    file: 'src/split-brain/contest.ts',
    from: 'claimant.askedAtMillis > contest.sinceMillis',
    to: 'claimant.askedAtMillis > 0',
    finds: [3],
  },
  {
    what: 'an answer is believed after newer news',
    file: 'src/topology/apply-probe.ts',
    from: 'node === undefined || isOlder(node, answer.askedAtMillis)',
    to: 'node === undefined',
    finds: [2],
  },
  {
    what: 'a view changes and keeps its revision',
    file: 'src/topology/cluster-view.ts',
    from: 'revision: view.revision + 1,',
    to: 'revision: view.revision,',
    finds: [2],
  },
  {
    what: 'what a node is believed to be may be changed in place',
    file: 'src/topology/apply-probe.ts',
    from: 'Object.freeze({\n      ...node,\n      state: answer.role,',
    to: 'Object({\n      ...node,\n      state: answer.role,',
    finds: [2],
  },
  {
    what: 'waiters are woken before pools are invalidated',
    file: 'src/monitoring/coordinator.ts',
    from: "for (const effect of effects) if (effect.kind !== 'emit') this.#apply(effect)",
    to: "this.#options.effects.wake(); for (const effect of effects) if (effect.kind !== 'emit') this.#apply(effect)",
    finds: [4],
  },
  {
    what: 'others are told before waiters are woken',
    file: 'src/monitoring/coordinator.ts',
    from: "if (effect.kind !== 'emit') this.#apply(effect)",
    to: 'this.#apply(effect)',
    finds: [4],
  },
  {
    what: 'what is believed is stored after the turn',
    file: 'src/monitoring/coordinator.ts',
    from: 'this.#state = after\n',
    to: 'queueMicrotask(() => {\n      this.#state = after\n    })\n',
    finds: [4],
  },
  {
    what: 'connections in use outlive a verdict against their node',
    file: 'src/failover/transition.ts',
    from: 'if (!already.has(node)) fenced.set(node, ',
    to: 'if (already.has(node)) fenced.set(node, ',
    finds: [5],
  },
  {
    what: 'an error of an older generation is believed',
    file: 'src/pooling/dispatcher.ts',
    from: 'pool.generation !== generation) return',
    to: 'pool.generation < 0) return',
    finds: [5],
  },
  {
    what: 'a request that waits has no deadline',
    file: 'src/failover/wait-queue.ts',
    from: "this.remove(waiter)\n    waiter.giveUp('deadline')",
    to: 'this.remove(waiter)',
    finds: [6],
  },
  {
    what: 'a write is applied twice',
    file: 'test/simulation/connections.ts',
    from: 'server.log.push(key)\n',
    to: 'server.log.push(key, key)\n',
    finds: [7],
  },
  {
    what: 'errors tell what they hold',
    file: 'src/failover/give-up.ts',
    from: '{failureInWords(node.failure)}',
    to: '{JSON.stringify(node.failure.error)}',
    finds: [8],
  },
  {
    what: 'a request that could go at once makes a timer',
    file: 'src/pooling/dispatcher.ts',
    from: 'this.#attach(attempt)\n    this.#route(attempt)',
    to: 'this.#attach(attempt)\n    setTimeout(() => this.#route(attempt), 1)',
    finds: [10],
  },
  {
    what: 'a connection is not asked whether it leads to a standby',
    file: 'src/pooling/dispatcher.ts',
    from: '} else if (isStandby) {',
    to: "} else if (isStandby && node === '') {",
    finds: [9],
  },
  {
    what: 'one that has lost stays out for ever',
    file: 'src/split-brain/lone.ts',
    from: 'if (nowMillis >= reviewAtMillis) return',
    to: 'if (nowMillis < 0) return',
    finds: [11],
  },
]
