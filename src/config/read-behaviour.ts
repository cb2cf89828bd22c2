// The options of a cluster -> their settings. Knows nothing of hosts, TLS or what pg is told.
import type { FaultList } from './fault-list.ts'
import { type GivenOptions, OptionReader } from './given-options.ts'
import type { Settings } from './settings.ts'

type Behaviour = Pick<
  Settings,
  | 'readConsistency'
  | 'readWriteSplitting'
  | 'preferZone'
  | 'slowStartMillis'
  | 'maxReadsOnPrimary'
  | 'readLimits'
  | 'writeLimits'
  | 'balancer'
  | 'hostRecheckMillis'
  | 'probeIntervalMillis'
  | 'probeTimeoutMillis'
  | 'failoverTimeoutMillis'
  | 'startupGraceMillis'
  | 'maxReplicationLagBytes'
  | 'maxReplicationLagMillis'
  | 'splitBrain'
  | 'writeQuorum'
  | 'commitOutcome'
  | 'commitTokens'
  | 'maxWaitingRequests'
  | 'monitorUser'
  | 'monitorPassword'
  | 'pinTimeline'
  | 'decide'
>

export function readBehaviour(sources: readonly GivenOptions[], faults: FaultList): Behaviour {
  const read = new OptionReader(sources, faults)
  const behaviour: Behaviour = {
    readConsistency: read.choice('readConsistency', ['eventual', 'session'], 'eventual'),
    preferZone: read.text('preferZone'),
    slowStartMillis: read.millis('slowStartMillis', { least: 0, fallback: 10_000 }),
    maxReadsOnPrimary: read.share('maxReadsOnPrimary'),
    readLimits: Object.freeze({ max: read.ordinal('readMax'), min: read.ordinal('readMin', 0) }),
    writeLimits: Object.freeze({ max: read.ordinal('writeMax'), min: read.ordinal('writeMin', 0) }),
    readWriteSplitting: read.choice('readWriteSplitting', ['explicit', 'auto'], 'explicit'),
    balancer: read.choice('balancer', ['random', 'roundRobin', 'leastBusy', 'nearest'], 'leastBusy'),
    hostRecheckMillis: read.secondsAsMillis('hostRecheckSeconds', 10),
    probeIntervalMillis: read.millis('probeIntervalMillis', { least: 1, fallback: 1000 }),
    probeTimeoutMillis: read.millis('probeTimeoutMillis', { least: 1, fallback: 1000 }),
    failoverTimeoutMillis: read.millis('failoverTimeoutMillis', { least: 0, fallback: 30_000 }),
    startupGraceMillis: read.millis('startupGraceMillis', { least: 0, fallback: 100 }),
    maxReplicationLagBytes: read.bound('maxReplicationLagBytes', 'bytes'),
    maxReplicationLagMillis: read.bound('maxReplicationLagMillis', 'milliseconds'),
    splitBrain: read.choice('splitBrain', ['refuse', 'warn', 'off'], 'refuse'),
    writeQuorum: read.choice('writeQuorum', ['none', 'majority'], 'none'),
    commitOutcome: read.choice('commitOutcome', ['auto', 'certain', 'batch', 'off'], 'auto'),
    commitTokens: read.flag('commitTokens', false),
    maxWaitingRequests: read.count('maxWaitingRequests', 10_000),
    monitorUser: read.text('monitorUser'),
    monitorPassword: read.text('monitorPassword'),
    pinTimeline: read.ordinal('pinTimeline'),
    decide: read.callback<Settings['decide'] & {}>('decide'),
  }
  return behaviour
}
