// From what the user gave to one frozen Settings, or one ConfigError with every fault. The environment is passed in.
//
// Where an option is given twice, this order counts: options object, connection string, environment, default. That
// differs from pg on purpose, where the connection string overrides the object it stands in. An option that is
// undefined or null (of text also '') is not given.
//
// Of the environment only PGHOST, PGPORT, PGTARGETSESSIONATTRS and PGLOADBALANCEHOSTS are read here. PGUSER,
// PGPASSWORD, PGDATABASE and the rest are left to pg.
//
// A plain pool (one host, no target but `any`, no option of our own) hands unknown options on, as pg does.
import type { PoolConfig } from 'pg'
import { parseConnectionString } from './connection-string.ts'
import { describeValue, FaultList } from './fault-list.ts'
import { type GivenOptions, type GivenValue, OptionReader } from './given-options.ts'
import { environmentHosts, type HostSource, optionHosts, resolveHosts, urlHosts } from './host-list.ts'
import { OWN_OPTIONS } from './known-names.ts'
import type { PoolOptions } from './pool-options.ts'
import type { Settings } from './settings.ts'
import { resolveLoadBalancing, resolveTarget } from './target.ts'
import { NO_TLS } from './tls-parameters.ts'
import { checkUnknownOptions, checkUnknownParameters, isKnownOption } from './unknown-names.ts'
import { readUrlParameters, type UrlReading } from './url-parameters.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** @throws ConfigError with all faults. The options are neither changed nor frozen. */
export function resolveSettings(options: PoolOptions | undefined, env: Environment): Settings {
  const faults = new FaultList()
  const given = ownEntries(options, faults)
  const { source, reading: url } = readConnectionString(given.connectionString, faults)
  const hosts = resolveHosts([optionHosts(given, faults), ...source, environmentHosts(env)], faults)

  const fromObject = ownOptions(given)
  const sources = [fromObject, url.own, environmentOptions(env)]
  const target = resolveTarget(sources, faults)
  const isPlain =
    hosts.length <= 1 && fromObject.size === 0 && url.own.size === 0 && given.hosts === undefined
  const unknown = Object.keys(given).filter((name) => !isKnownOption(name))
  checkUnknownOptions(unknown, { isPlain, faults })
  checkUnknownParameters(url.unknown, { isPlain, faults })

  const settings = {
    hosts,
    target: target ?? (hosts.length > 1 ? 'read-write' : 'any'),
    monitored: hosts.length > 1 || (target ?? 'any') !== 'any',
    loadBalanceHosts: resolveLoadBalancing(sources, faults),
    ...readBehaviour(new OptionReader(sources, faults)),
    ...nodeSettings(given, url),
  }
  refusePatroni(sources, faults)
  faults.throwIfAny()
  return Object.freeze(settings)
}

type Behaviour = Omit<
  Settings,
  'hosts' | 'target' | 'monitored' | 'loadBalanceHosts' | 'poolOptions' | 'tlsFiles'
>

function readBehaviour(read: OptionReader): Behaviour {
  read.available('readConsistency', ['eventual'], ['session'])
  read.available('readWriteSplitting', ['explicit'], ['auto'])
  return {
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
    monitorUser: read.text('monitorUser'),
    monitorPassword: read.text('monitorPassword'),
  }
}

function refusePatroni(sources: readonly GivenOptions[], faults: FaultList): void {
  const patroni = sources.map((source) => source.get('patroni')).find((given) => given !== undefined)
  if (patroni === undefined || String(patroni.value) === 'false') return
  const shown = patroni.isText ? 'a value' : describeValue(patroni.value)
  faults.add('patroni', `${shown} given: asking Patroni is not available in this version, expected false`)
}

/** Own enumerable options, and a `password` that pg-pool made non-enumerable. Undefined and null are left out. */
function ownEntries(options: PoolOptions | undefined, faults: FaultList): Record<string, unknown> {
  if (options === undefined || options === null) return {}
  if (typeof options !== 'object' || Array.isArray(options)) {
    faults.add('options', `${describeValue(options)} given, expected an object such as { connectionString }`)
    return {}
  }
  const entries: [string, unknown][] = Object.entries(options)
  if (!Object.keys(options).includes('password')) entries.push(['password', options.password])
  // A null prototype: an option named __proto__ is an unknown option like any other.
  const given: Record<string, unknown> = Object.create(null)
  for (const [name, value] of entries) if (value !== undefined && value !== null) given[name] = value
  return given
}

function readConnectionString(
  given: unknown,
  faults: FaultList,
): { source: readonly HostSource[]; reading: UrlReading } {
  const nothing = { own: new Map(), pg: new Map(), tls: NO_TLS, unknown: [] }
  if (given === undefined || given === '') return { source: [], reading: nothing }
  if (typeof given !== 'string') {
    faults.add('connectionString', `${describeValue(given)} given, expected a string`)
    return { source: [], reading: nothing }
  }
  const url = parseConnectionString(given, faults)
  if (url === undefined) return { source: [], reading: nothing }
  return { source: [urlHosts(url)], reading: readUrlParameters(url, faults) }
}

function ownOptions(given: Readonly<Record<string, unknown>>): GivenOptions {
  const own = new Map<string, GivenValue>()
  for (const label of OWN_OPTIONS) {
    const value = given[label]
    if (label === 'hosts' || value === undefined) continue
    own.set(label, { value, isText: false, isQuotable: label !== 'monitorPassword', label })
  }
  return own
}

function environmentOptions(env: Environment): GivenOptions {
  const variables = { target_session_attrs: 'PGTARGETSESSIONATTRS', load_balance_hosts: 'PGLOADBALANCEHOSTS' }
  const own = new Map<string, GivenValue>()
  for (const [option, label] of Object.entries(variables)) {
    const value = env[label]
    if (value) own.set(option, { value, isText: true, isQuotable: true, label })
  }
  return own
}

/** What pg is given for every node: the connection string's options, then the object's over them. */
function nodeSettings(
  given: Readonly<Record<string, unknown>>,
  url: UrlReading,
): Pick<Settings, 'poolOptions' | 'tlsFiles'> {
  const ours = new Set(['connectionString', 'host', 'port', ...OWN_OPTIONS])
  const merged: Record<string, unknown> = Object.fromEntries(url.pg)
  if (url.tls.ssl !== undefined) merged.ssl = Object.freeze(url.tls.ssl)
  if (url.tls.negotiation !== undefined) merged.sslnegotiation = url.tls.negotiation
  for (const [name, value] of Object.entries(given)) {
    if (!ours.has(name) && value !== '') merged[name] = value
  }
  // Hidden as in pg-pool: neither inspect nor JSON of the settings shows it.
  if (merged.password !== undefined) Object.defineProperty(merged, 'password', { enumerable: false })
  const files = given.ssl === undefined ? url.tls.files : undefined
  const poolOptions: PoolConfig = Object.freeze(merged)
  return { poolOptions, ...(files === undefined ? {} : { tlsFiles: files }) }
}
