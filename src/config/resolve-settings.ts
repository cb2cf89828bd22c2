// From what the user gave to one frozen Settings, or one ConfigError with every fault. The environment and the files are
// passed in.
//
// Where a parameter is given twice, this order counts: options object, connection string, service file, environment,
// default. That differs from pg on purpose, where the connection string overrides the object it stands in. An option that
// is undefined or null (of text also '') is not given; an empty parameter of a string hides what a lower source says, as
// in libpq. Of the environment, PGUSER, PGPASSWORD, PGDATABASE and PGAPPNAME are left to pg, which reads them alike; PGHOST,
// PGHOSTADDR and PGPORT do not count beside a JDBC URL, as pgjdbc knows no variables.
//
// A plain pool (one host, no target but `any`, no option of our own) hands unknown options on, as pg does.
import type { PoolConfig } from 'pg'
import { isSocket } from '../topology/host.ts'
import { parseConnectionText } from './connection-string.ts'
import { describeValue, FaultList } from './fault-list.ts'
import type { GivenOptions } from './given-options.ts'
import {
  type Environment,
  givenByEnvironment,
  givenByOptions,
  givenByString,
  SourceList,
} from './given-parameters.ts'
import { optionHosts, resolveHosts, textHosts } from './host-list.ts'
import { withPlaces } from './host-places.ts'
import { LOGIN_OPTIONS, OWN_OPTIONS } from './known-names.ts'
import { DEFAULT_MAX } from './node-options.ts'
import type { ParsedString } from './parsed-string.ts'
import { resolvePatroni } from './patroni-settings.ts'
import { readPgParameters } from './pg-parameters.ts'
import type { PoolOptions } from './pool-options.ts'
import { readBehaviour } from './read-behaviour.ts'
import { readPoolEngine } from './read-pool-engine.ts'
import { givenByServiceOf } from './service-file.ts'
import type { PasswordFile, Settings } from './settings.ts'
import { resolveLoadBalancing, resolveTarget } from './target.ts'
import { resolveTls } from './tls-settings.ts'
import { checkUnknownOptions, checkUnknownParameters, isKnownOption } from './unknown-names.ts'
import { NO_FILES, type UserFiles } from './user-files.ts'
import { checkWithoutEffect } from './without-effect.ts'

/** The places of the sources, the highest first. */
const STRING_RANK = 1
const SERVICE_RANK = 2
const ENVIRONMENT_RANK = 3

/** @throws ConfigError with all faults. The options are neither changed nor frozen. */
export function resolveSettings(
  options: PoolOptions | undefined,
  env: Environment,
  files: UserFiles = NO_FILES,
): Settings {
  const faults = new FaultList()
  const notices: string[] = []
  const given = ownEntries(options, faults)
  const parsed = readConnectionString(given.connectionString, faults)
  const string = parsed === undefined ? { known: new Map(), unknown: [] } : givenByString(parsed)
  const environment = givenByEnvironment(env)
  const above = new SourceList([givenByOptions(given), string.known, environment])
  const service = givenByServiceOf(above, { env, files, faults })
  const sources = new SourceList([...above.all.slice(0, SERVICE_RANK), service, environment])

  const listed = resolveHosts([optionHosts(given, faults), ...textHosts(sources, placesOf(parsed))], faults)
  const hosts = withPlaces(listed, { sources: sources.all, entries: given.hosts, faults })
  const isOwn = sources.all.slice(0, ENVIRONMENT_RANK).some(hasOwn) || given.hosts !== undefined
  const target = resolveTarget(sources.all, faults)
  const monitored = hosts.length > 1 || (target ?? 'any') !== 'any'
  const isPlain = hosts.length <= 1 && !isOwn
  checkUnknownOptions(
    Object.keys(given).filter((name) => !isKnownOption(name)),
    { isPlain, faults },
  )
  checkUnknownParameters(string.unknown, { isPlain, faults })
  checkWithoutEffect(sources, {
    usesSockets: hosts.some(({ host }) => isSocket(host)),
    faults,
    notices,
  })
  const { tls, pg } = resolveTls({
    ...{ sources, environment, isPlain: !monitored, faults, notices },
    isPgUri: parsed?.dialect === 'libpq-uri',
    hasDefaultRoot: files.rootCertificate !== undefined && files.exists(files.rootCertificate),
  })
  const ofPg = { ...readPgParameters({ sources, environmentRank: ENVIRONMENT_RANK, faults, notices }), ...pg }
  const passwordFile = passwordFileOf(sources, { files, isPlain: !monitored, faults })
  const balanced = resolveLoadBalancing(sources.all, faults)
  const behaviour = readBehaviour(sources.all, faults)
  const settings: Settings = {
    hosts,
    target: target ?? (hosts.length > 1 ? 'read-write' : 'any'),
    monitored,
    // Reads that are split off are there to be spread.
    loadBalanceHosts: balanced ?? behaviour.readWriteSplitting === 'auto',
    ...behaviour,
    poolEngine: readPoolEngine(sources.all, faults),
    patroni: resolvePatroni(sources, hosts, faults),
    ...(tls === undefined ? {} : { tls }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...lookupOf(given, faults),
    notices: Object.freeze(notices),
    poolOptions: nodeSettings(given, ofPg),
  }
  checkSplitting(settings, faults)
  checkLimits(settings, faults)
  faults.throwIfAny()
  return Object.freeze(settings)
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

function readConnectionString(given: unknown, faults: FaultList): ParsedString | undefined {
  if (given === undefined || given === '') return undefined
  if (typeof given === 'string') return parseConnectionText(given, faults, { lenient: true })
  faults.add('connectionString', `${describeValue(given)} given, expected a string`)
  return undefined
}

function placesOf(parsed: ParsedString | undefined): Parameters<typeof textHosts>[1] {
  const string = { rank: STRING_RANK, label: 'connectionString' }
  const service = { rank: SERVICE_RANK, label: undefined }
  if (parsed?.dialect === 'jdbc-url') return [string, service]
  return [string, service, { rank: ENVIRONMENT_RANK, label: undefined }]
}

function hasOwn(source: GivenOptions): boolean {
  return OWN_OPTIONS.some((name) => source.has(name))
}

/** A plain pool leaves to pg what pg looks up by itself: PGPASSFILE, or the file of the user. */
function passwordFileOf(
  sources: SourceList,
  { files, isPlain, faults }: { files: UserFiles; isPlain: boolean; faults: FaultList },
): PasswordFile | undefined {
  const given = sources.text('passfile', faults)
  if (sources.find('password') !== undefined) return undefined
  if (isPlain && sources.rankOf('passfile') >= ENVIRONMENT_RANK) return undefined
  const path = given ?? files.passwordFile
  return path === undefined ? undefined : Object.freeze({ path })
}

function lookupOf(
  { lookup }: Readonly<Record<string, unknown>>,
  faults: FaultList,
): Pick<Settings, 'lookup'> {
  if (lookup === undefined) return {}
  if (typeof lookup === 'function') return { lookup: lookup as NonNullable<Settings['lookup']> }
  faults.add('lookup', `${describeValue(lookup)} given, expected a function such as dns.lookup`)
  return {}
}

const NOT_OF_PG: ReadonlySet<string> = new Set([
  ...['connectionString', 'host', 'port'],
  ...OWN_OPTIONS,
  ...LOGIN_OPTIONS,
])

/** What pg is given for every node: what the other sources say, then the object over it. */
function nodeSettings(
  given: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, unknown>>,
): PoolConfig {
  const merged: Record<string, unknown> = { ...others }
  for (const [name, value] of Object.entries(given)) {
    if (!NOT_OF_PG.has(name) && value !== '') merged[name] = value
  }
  if (given.ssl === undefined && typeof merged.ssl === 'object') Object.freeze(merged.ssl)
  // Hidden as in pg-pool: neither inspect nor JSON of the settings shows it.
  if (merged.password !== undefined) Object.defineProperty(merged, 'password', { enumerable: false })
  return Object.freeze(merged)
}

/** Where nothing may be written there is nothing to split. */
function checkSplitting({ readWriteSplitting, target }: Settings, faults: FaultList): void {
  if (readWriteSplitting === 'auto' && (target === 'read-only' || target === 'standby')) {
    faults.add('readWriteSplitting', "'auto' given with a target that takes no writes, expected explicit")
  }
}

/** pg's own `max` and `min` are handed on as they are. */
function checkLimits({ poolOptions, readLimits, writeLimits }: Settings, faults: FaultList): void {
  for (const [intent, { max, min }] of [['read', readLimits] as const, ['write', writeLimits] as const]) {
    const most = max ?? (poolOptions.max || DEFAULT_MAX)
    if (min === undefined || min <= most) continue
    faults.add(`${intent}Min`, `${min} given, expected at most ${most}, as many as there may be`)
  }
}
