// The options of `genericPool`: what each means, its default, and whether it can be meant.
import { describeValue, FaultList } from '../../config/fault-list.ts'

/** Beside the options of the pool itself: `max`, `min`, `idleTimeoutMillis` and the rest hold as with any engine. */
export interface GenericPoolOptions {
  /** Ask an idle connection a question before it is lent, one round trip; one that fails is replaced. Default: false. */
  readonly testOnBorrow?: boolean | undefined
  /** Spare the question for connections used within this time, in ms. Default: 0, always ask. */
  readonly testAfterIdleMillis?: number | undefined
  /** How long an answer may take, in ms; the connection is cut then. Above 0, default: 1000. */
  readonly testTimeoutMillis?: number | undefined
  /** How many may wait for a connection; further ones get a `PoolFullError` at once. Default: no bound. */
  readonly maxWaitingClients?: number | undefined
  /** Lend the connection that has been idle longest. Default: false, the one used last, as pg-pool does. */
  readonly fifo?: boolean | undefined
  /** How many priorities there are. At least 1, default: 1. */
  readonly priorityRange?: number | undefined
  /**
   * Called for each request, in its caller's own asynchronous context; 0 is served first, `priorityRange - 1` last.
   * Default: 0 for all.
   */
  readonly priority?: (() => number) | undefined
  /**
   * How often idle connections are looked over for those past their time, in ms. Above 0, default: `idleTimeoutMillis`,
   * at most 1000.
   */
  readonly evictionRunIntervalMillis?: number | undefined
  /** How many are looked over each time. At least 1, default: all. */
  readonly numTestsPerEvictionRun?: number | undefined
}

export interface Tuning {
  readonly testOnBorrow: boolean
  readonly testAfterIdleMillis: number
  readonly testTimeoutMillis: number
  readonly maxWaitingClients: number
  readonly fifo: boolean
  readonly priorityRange: number
  readonly priority: () => number
  readonly evictionRunIntervalMillis: number | undefined
  readonly numTestsPerEvictionRun: number
}

/** @throws ConfigError with every fault. */
export function readGenericPoolOptions(given: GenericPoolOptions): Tuning {
  const faults = new FaultList()
  const unknown = Object.keys(given).filter((name) => !NAMES.includes(name))
  for (const name of unknown) faults.add('poolEngine', `genericPool has no option ${describeValue(name)}`)
  const number = <Fallback extends number | undefined>(
    name: NumberName,
    least: 0 | 1,
    fallback: Fallback,
  ): number | Fallback => {
    const value: unknown = given[name]
    if (value === undefined) return fallback
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value < 2 ** 31)
      return value
    faults.add(name, `${describeValue(value)} given, expected a whole number from ${least}`)
    return fallback
  }
  const boolean = (name: 'testOnBorrow' | 'fifo'): boolean => {
    const value: unknown = given[name] ?? false
    if (typeof value !== 'boolean') faults.add(name, `${describeValue(value)} given, expected true or false`)
    return value === true
  }
  const { priority = () => 0 } = given
  if (typeof priority !== 'function')
    faults.add('priority', `${describeValue(priority)} given, expected a function`)
  const tuning = {
    testOnBorrow: boolean('testOnBorrow'),
    fifo: boolean('fifo'),
    testAfterIdleMillis: number('testAfterIdleMillis', 0, 0),
    testTimeoutMillis: number('testTimeoutMillis', 1, 1000),
    maxWaitingClients: number('maxWaitingClients', 0, Number.POSITIVE_INFINITY),
    priorityRange: number('priorityRange', 1, 1),
    priority,
    evictionRunIntervalMillis: number('evictionRunIntervalMillis', 1, undefined),
    numTestsPerEvictionRun: number('numTestsPerEvictionRun', 1, Number.MAX_SAFE_INTEGER),
  }
  faults.throwIfAny()
  return tuning
}

type NumberName =
  | 'testAfterIdleMillis'
  | 'testTimeoutMillis'
  | 'maxWaitingClients'
  | 'priorityRange'
  | 'evictionRunIntervalMillis'
  | 'numTestsPerEvictionRun'

const NAMES: readonly string[] = [
  'testOnBorrow',
  'testAfterIdleMillis',
  'testTimeoutMillis',
  'maxWaitingClients',
  'fifo',
  'priorityRange',
  'priority',
  'evictionRunIntervalMillis',
  'numTestsPerEvictionRun',
] satisfies readonly (keyof GenericPoolOptions)[]
