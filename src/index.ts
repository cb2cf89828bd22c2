// The public names of pg-ha, one by one.
export type { ClusterSnapshot, ExplainedVerdict, NodeSnapshot } from './cluster-snapshot.ts'
export type { PoolEngine, PoolEngineFactory, PoolEngineName } from './config/pool-engine.ts'
export type { PoolOptions, TargetServerType, TargetSessionAttrs } from './config/pool-options.ts'
export type { DrainOptions } from './draining.ts'
export type { EndOptions } from './ending.ts'
export type { PoolCounters } from './engine.ts'
export {
  ConfigError,
  type ConfigFault,
  ConnectionLostError,
  type ConnectPhase,
  DrainTimeoutError,
  InsecureConnectionError,
  type NodeReport,
  NoFitNodeError,
  NoPrimaryError,
  NotAppliedError,
  OutcomeUnknownError,
  PgHaError,
  PoolFullError,
  ReadsOnPrimaryError,
  SplitBrainError,
  StalePrimaryError,
  TransactionTimeoutError,
  type WorkInDoubt,
} from './errors.ts'
export type {
  CommitOutcome,
  Failover,
  NodeChange,
  PoolEvents,
  PrimaryChange,
  SplitBrain,
  SplitBrainEnd,
} from './events.ts'
export {
  type ConnectionHost,
  type ParsedConnectionString,
  type ParseOptions,
  parseConnectionString,
} from './parse-connection-string.ts'
export { Pool, type RouteExplanation } from './pool.ts'
export type { RoutedQuery } from './pooling/splitter.ts'
export type { Transaction } from './pooling/transaction-client.ts'
export type { IsolationLevel, TransactionOptions } from './pooling/transaction-options.ts'
export type { ConnectOptions } from './routed-pool.ts'
export type { SessionOptions } from './sessions.ts'
export type { ClaimantEvidence, StandbyEvidence } from './split-brain/evidence.ts'
export type { RuleName } from './split-brain/rules.ts'
export type { DualPrimary, NoPrimary, OnePrimary, Verdict } from './split-brain/verdict.ts'
export type { NodeState } from './topology/node-view.ts'
