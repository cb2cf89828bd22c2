// A generic-pool with a rule of ours for what its sweeps take away. Its `createPool` allows only for its own rule, and its
// types leave out the parts that a pool is put together from.
import generic, { type Factory, type Options, type Pool } from 'generic-pool'

interface Evictor<T> {
  evict(config: Options, resource: { readonly obj: T }, availableCount: number): boolean
}

interface Parts {
  readonly Pool: new <T>(
    evictor: new () => Evictor<T>,
    deque: unknown,
    queue: unknown,
    factory: Factory<T>,
    config: Options,
  ) => Pool<T>
  readonly Deque: unknown
  readonly PriorityQueue: unknown
}

export function sweptPool<T>(
  factory: Factory<T>,
  config: Options,
  shouldGo: (resource: T) => boolean,
): Pool<T> {
  const parts = generic as unknown as Parts
  class OwnRule implements Evictor<T> {
    evict(...[, { obj }]: Parameters<Evictor<T>['evict']>): boolean {
      return shouldGo(obj)
    }
  }
  return new parts.Pool<T>(OwnRule, parts.Deque, parts.PriorityQueue, factory, config)
}
