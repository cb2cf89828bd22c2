// The frozen outcome of configuration: what every other room reads. Knows nothing of where a value came from.
import type { PoolConfig } from 'pg'
import type { Host } from '../topology/host.ts'
import type { PatroniAgent } from './patroni-settings.ts'
import type { PoolEngineFactory, PoolEngineName } from './pool-engine.ts'

/**
 * Which nodes a request may use. pgjdbc's `primary` means a primary that takes writes, libpq's `primary` only one that
 * is not in recovery; both are kept apart here under the names of libpq where it has one.
 *
 * | target             | from                                                       |
 * |--------------------|------------------------------------------------------------|
 * | any                | any                                                        |
 * | read-write         | targetServerType=primary, target_session_attrs=read-write  |
 * | primary            | target_session_attrs=primary                               |
 * | read-only          | targetServerType=secondary, target_session_attrs=read-only |
 * | standby            | target_session_attrs=standby                               |
 * | prefer-standby     | targetServerType=preferSecondary, target_session_attrs=prefer-standby |
 * | prefer-primary     | targetServerType=preferPrimary                             |
 */
export type Target =
  | 'any'
  | 'read-write'
  | 'primary'
  | 'read-only'
  | 'standby'
  | 'prefer-standby'
  | 'prefer-primary'

export type BalancerName = 'random' | 'roundRobin' | 'leastBusy' | 'nearest'
/** What a claimant shows; `ClaimantEvidence` has all of it. */
export interface ClaimantShown {
  readonly node: string
  readonly timeline: number | null
  readonly followers: number | null
  readonly votes: number
  readonly support: number
}

/**
 * Given all claimants that are in dispute or kept out, says which one is the primary; nothing: the rules decide. Asked at
 * every judgement, so it must be quick, and answer alike in every process.
 */
export type DecideOption = (claimants: readonly ClaimantShown[]) => string | null | undefined

export type SplitBrainPolicy = 'refuse' | 'warn' | 'off'
export type ReadConsistency = 'eventual' | 'session'
export type ReadWriteSplitting = 'explicit' | 'auto'
export type CommitOutcomePolicy = 'auto' | 'certain' | 'batch' | 'off'
export type WriteQuorum = 'none' | 'majority'

export type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
export type AuthMethod = 'password' | 'md5' | 'gss' | 'sspi' | 'scram-sha-256' | 'none' | 'oauth'

/** What libpq's TLS parameters say. Paths only: the files are read by whoever dials. */
export interface TlsSettings {
  readonly mode: TlsMode
  readonly negotiation: 'postgres' | 'direct'
  readonly sni: boolean
  readonly certMode: 'disable' | 'allow' | 'require'
  /** pg's `no-verify`: no certificate is checked, whatever root certificate there is. Only with mode `require`. */
  readonly neverVerify?: true
  /** 'system' for the public authorities; undefined: libpq's default file under ~/.postgresql, where it exists. */
  readonly rootCert?: string
  readonly cert?: string
  readonly key?: string
  readonly crl?: string
  readonly crlDir?: string
  /** Opens the key. Not enumerable. */
  readonly keyPassword?: string
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  readonly requireAuth?: RequireAuth
}

/** The methods a server may ask for; negated, those it may not. */
export interface RequireAuth {
  readonly methods: readonly AuthMethod[]
  readonly negated: boolean
}

/** Where a password is looked up at each login, when no source gives one. */
export interface PasswordFile {
  readonly path: string
}

/** Node's own signature of a name lookup, as dns.lookup has it and net.connect takes it. */
export type LookupFunction = (
  hostname: string,
  options: {
    readonly all?: boolean | undefined
    readonly family?: number | 'IPv4' | 'IPv6' | undefined
    readonly hints?: number | undefined
    readonly order?: 'ipv4first' | 'ipv6first' | 'verbatim' | undefined
    readonly verbatim?: boolean | undefined
  },
  callback: (
    error: (Error & { code?: string | undefined }) | null,
    address: string | { address: string; family: number }[],
    family?: number,
  ) => void,
) => void

/** How many connections of one node and intent; what is not said here, `max` and `min` of pg's options say. */
export interface ConnectionLimits {
  readonly max: number | undefined
  readonly min: number | undefined
}

export interface Settings {
  /** In list order, duplicates kept out, never empty. */
  readonly hosts: readonly Host[]
  readonly target: Target
  /** False with one host and no target: such a pool is plain, opens no monitor and asks no server for its role. */
  readonly monitored: boolean
  /** `session`: a read sees what its session has written. */
  readonly readConsistency: ReadConsistency
  /** Reads stay with nodes of this zone while one of them is fit. Undefined: no zone is preferred. */
  readonly preferZone: string | undefined
  /** How long a standby that was found later than others, or has come back, is spared. */
  readonly slowStartMillis: number
  /** Which part of the reads that prefer a standby may run on the primary; 1: all. */
  readonly maxReadsOnPrimary: number
  readonly readLimits: ConnectionLimits
  readonly writeLimits: ConnectionLimits
  /** `auto`: what a statement does decides where the pool's own `query` and `connect` run it. */
  readonly readWriteSplitting: ReadWriteSplitting
  readonly loadBalanceHosts: boolean
  readonly balancer: BalancerName
  readonly hostRecheckMillis: number
  readonly probeIntervalMillis: number
  readonly probeTimeoutMillis: number
  readonly failoverTimeoutMillis: number
  readonly startupGraceMillis: number
  /** Infinity when no bound is set. */
  readonly maxReplicationLagBytes: number
  readonly maxReplicationLagMillis: number
  readonly splitBrain: SplitBrainPolicy
  readonly writeQuorum: WriteQuorum
  readonly poolEngine: PoolEngineName | PoolEngineFactory
  readonly commitOutcome: CommitOutcomePolicy
  readonly commitTokens: boolean
  readonly maxWaitingRequests: number
  /** An operator's word: of several histories, the one of this timeline is the true one. */
  readonly pinTimeline: number | undefined
  /** The application's word on who is the primary. */
  readonly decide: DecideOption | undefined
  /** Patroni's agents; empty: it is not asked. */
  readonly patroni: readonly PatroniAgent[]
  /** What the monitor logs in with where it differs from the application's. */
  readonly monitorUser: string | undefined
  readonly monitorPassword: string | undefined
  /** Undefined: no source says anything of TLS, or the options gave pg's own `ssl`; pg then does as it always does. */
  readonly tls?: TlsSettings
  /** Undefined: a password came from elsewhere, or there is no home to look for one in. */
  readonly passwordFile?: PasswordFile
  /** Looks names up in place of dns.lookup. */
  readonly lookup?: LookupFunction
  /** What was given and has no or another effect here, a sentence each, without secrets. */
  readonly notices: readonly string[]
  /** pg's own options for every node, without host and port: user, password, database, ssl, max, ... */
  readonly poolOptions: PoolConfig
}
