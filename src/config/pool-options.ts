// What may be given to a Pool: all of pg's options, hosts in several forms, and the options of a cluster. Types only.
//
// An option given in several places counts in this order: options object, connection string, service file, environment,
// default.
// This differs from pg on purpose: there the connection string wins over the object it stands in.
import type { PoolConfig } from 'pg'
import type { PoolEngineFactory, PoolEngineName } from './pool-engine.ts'
import type {
  BalancerName,
  CommitOutcomePolicy,
  DecideOption,
  LookupFunction,
  SplitBrainPolicy,
  TlsMode,
  WriteQuorum,
} from './settings.ts'

export type TargetServerType =
  | 'any'
  | 'primary'
  | 'master'
  | 'secondary'
  | 'slave'
  | 'preferSecondary'
  | 'preferSlave'
  | 'preferPrimary'

export type TargetSessionAttrs = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby'

/** Where Patroni's agents answer: beside every host at this port, or at these addresses. */
export type PatroniOptions = ({ readonly port: number } | { readonly urls: readonly string[] }) & {
  /** For `port`. Default: http. */
  readonly protocol?: 'http' | 'https' | undefined
  /** Basic authentication; credentials in an address count before it. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** PEM of the authorities that https trusts, in place of the public ones. */
  readonly ca?: string | Buffer | undefined
}

export interface HostEntry {
  readonly host: string
  /** Default: `port` of the options, else 5432. */
  readonly port?: number | string | undefined
  /** How much of the load it carries relative to the others. Above 0, default: 1. */
  readonly weight?: number | undefined
  /** Where it stands, in your own words; see `preferZone`. */
  readonly zone?: string | undefined
}

export interface PoolOptions extends Omit<PoolConfig, 'host' | 'port'> {
  /**
   * `postgres://user:password@h1:5432,h2,[::1]:5433/db?name=value` or
   * `jdbc:postgresql://h1:5432,h2:5433/db?user=u&password=p`. Every option below but `hosts`, `monitorPassword` and
   * `decide` may stand in its query under the same name; `patroni` there is a port.
   */
  connectionString?: string | undefined
  /** One host, a comma-separated list, or an array; a socket directory begins with '/'. Default: PGHOST, else localhost. */
  host?: string | readonly string[] | undefined
  /** One port for all hosts, or one for each. Default: PGPORT, else 5432. */
  port?: number | string | readonly (number | string)[] | undefined
  /** The host list with a port for each; in place of `host`. */
  hosts?: readonly HostEntry[] | undefined
  /**
   * The address to dial for each host, as in libpq: a comma-separated list or an array, '' where the name is to be looked
   * up. The name still counts for certificates and passwords. Default: PGHOSTADDR.
   */
  hostaddr?: string | readonly string[] | undefined
  /** Looks host names up in place of dns.lookup, with its signature. */
  lookup?: LookupFunction | undefined
  /** A section of ~/.pg_service.conf to read what nothing above it says. Default: PGSERVICE. */
  service?: string | undefined
  /** Where passwords are looked up, host by host, when none is given. Default: PGPASSFILE, else ~/.pgpass. */
  passfile?: string | undefined

  /**
   * TLS as libpq means it; with it, `ssl` must not be given. Default: PGSSLMODE, else no TLS, as in pg. `no-verify` is
   * `require` that never checks a certificate.
   */
  sslmode?: TlsMode | 'no-verify' | undefined
  /** A file of authorities, or `system`. Default: PGSSLROOTCERT, else ~/.postgresql/root.crt where it exists. */
  sslrootcert?: string | undefined
  /** The client's certificate. Default: PGSSLCERT, else ~/.postgresql/postgresql.crt where it exists. */
  sslcert?: string | undefined
  /** Its private key. Default: PGSSLKEY, else ~/.postgresql/postgresql.key. */
  sslkey?: string | undefined
  /** Opens the key where it is encrypted. */
  sslpassword?: string | undefined
  /** A file of revoked certificates. Default: PGSSLCRL, else ~/.postgresql/root.crl where it exists. */
  sslcrl?: string | undefined
  /** `require`: log in by SCRAM bound to the TLS channel or not at all. Default: PGCHANNELBINDING, else `prefer`. */
  channel_binding?: 'disable' | 'prefer' | 'require' | undefined
  /** The ways to log in that the server may ask for, a comma-separated list. Default: PGREQUIREAUTH, else any. */
  require_auth?: string | undefined

  /**
   * Which node `query` and `connect` use, in pgjdbc's names (`master` is `primary`, `slave` is `secondary`). Default:
   * `primary` with several hosts, `any` with one. Given beside `target_session_attrs`, the two must agree.
   */
  targetServerType?: TargetServerType | undefined
  /** The same in libpq's names. Default: PGTARGETSESSIONATTRS, else as above. */
  target_session_attrs?: TargetSessionAttrs | undefined
  /** Spread requests over all fit nodes; never over two primaries. Default: false. */
  loadBalanceHosts?: boolean | undefined
  /** The same in libpq's name. Default: PGLOADBALANCEHOSTS, else `disable`. */
  load_balance_hosts?: 'disable' | 'random' | undefined
  /** Which zone reads stay in while a node of it is fit. Default: none. */
  preferZone?: string | undefined
  /** The zone of each host: a comma-separated list or an array. */
  zone?: string | readonly string[] | undefined
  /** How much of the load each host carries, relative to the others: a comma-separated list or an array. Default: 1 each. */
  weight?: number | string | readonly (number | string)[] | undefined
  /** How long a standby that has come back is spared, in ms: its share grows from little to all of it. Default: 10000. */
  slowStartMillis?: number | undefined
  /**
   * Which part of the reads that prefer a standby may run on the primary when no standby is fit, from 0 to 1; beyond it they
   * fail with `ReadsOnPrimaryError`. Default: 1, all.
   */
  maxReadsOnPrimary?: number | undefined
  /** `max` for reads, per node: the sessions of `pool.read`, and of what is split off to standbys. Default: `max`. */
  readMax?: number | undefined
  /** `min` for reads, per node. Default: `min`. */
  readMin?: number | undefined
  /** `max` for all other sessions, per node. Default: `max`. */
  writeMax?: number | undefined
  /**
   * `min` for all other sessions, per node. So many are kept open on standbys, too, so that the next primary is not met by a
   * storm of logins. Default: `min`.
   */
  writeMin?: number | undefined
  /** How to choose among several fit nodes. Default: `leastBusy`, the less busy of two picked at random. */
  balancer?: BalancerName | undefined

  /** The longest a belief about a node may go unrefreshed, in seconds. Above 0, default: 10. */
  hostRecheckSeconds?: number | undefined
  /** Steady rhythm of looking at each node, in ms. Above 0, default: 1000; faster after any bad sign. */
  probeIntervalMillis?: number | undefined
  /** How long one look at a node may take, in ms. Above 0, default: 1000. */
  probeTimeoutMillis?: number | undefined
  /** How long a request waits for a fit node, in ms; 0 refuses at once. Default: 30000. */
  failoverTimeoutMillis?: number | undefined
  /**
   * How long the first decision waits for nodes that have not answered yet, in ms. A primary that most listed nodes do not
   * follow waits for one `probeTimeoutMillis`. Default: 100.
   */
  startupGraceMillis?: number | undefined
  /** A standby further behind than this many bytes of WAL is unfit for reads. Default: no bound. */
  maxReplicationLagBytes?: number | undefined
  /** A standby further behind than this, in ms, is unfit for reads. Default: no bound. */
  maxReplicationLagMillis?: number | undefined

  /**
   * `session`: a read sees what its session has written. A session is what runs within `pool.session()`; outside of any, the
   * whole pool is one. Default: `eventual`.
   */
  readConsistency?: 'eventual' | 'session' | undefined
  /**
   * `auto`: `query` sends what provably only reads to a fit standby, and `connect` gives a client that chooses its node at
   * its first statement. Needs the package `libpg-query` and a target that takes writes. Default: `explicit`.
   */
  readWriteSplitting?: 'explicit' | 'auto' | undefined
  /** What to do when two primaries cannot be told apart. Default: `refuse`, no write goes to either. */
  splitBrain?: SplitBrainPolicy | undefined
  /** `majority`: no write unless most listed nodes are visible and agree. Default: `none`. */
  writeQuorum?: WriteQuorum | undefined

  /**
   * What to do about a write of `query` whose connection is lost while it is committed: the primary of then is asked what
   * became of it. For that its transaction is named before its commit. `batch` names it on the way, at no round trip; what
   * is lost before the name came stays in doubt. `certain` commits only once the name is there: one round trip more for
   * each write, and no doubt before. `auto` is `certain` where a round trip takes less than 10 ms, else `batch`. `off` asks
   * nobody. Default: `auto`. `transaction` is always certain, by one round trip before its COMMIT, unless this is `off`, the
   * transaction is read-only, or `commitTokens` prove it.
   */
  commitOutcome?: CommitOutcomePolicy | undefined
  /** Proof in every case by a row in the table `pgha_commit_tokens`, written with each write. Default: false. */
  commitTokens?: boolean | undefined
  /** How many requests may wait for a fit node; more are refused at once. Default: 10000. */
  maxWaitingRequests?: number | undefined
  /** The role the monitor logs in as; one with pg_monitor sees more evidence. Default: the application's user. */
  monitorUser?: string | undefined
  /** Its password. Default: the application's. */
  monitorPassword?: string | undefined
  /**
   * An operator's word after a split brain: the true history is the one of this timeline. Of several primaries the one on it
   * is written to; one below it never is, alone or not.
   */
  pinTimeline?: number | undefined
  /**
   * The application's word on who is the primary, for those who know better than the rules: given the claimants in dispute,
   * the name of one of them, or nothing. Must be quick, and answer alike in every process.
   */
  decide?: DecideOption | undefined
  /** Patroni's REST API as one more witness. In a connection string: its port. Default: false. */
  patroni?: false | PatroniOptions | undefined

  /**
   * What keeps the connections of each node: `pg-pool`; `none`, which ends each when it comes back, for a pooler between
   * here and the server; or a factory, as `genericPool` of `pg-ha/generic-pool` makes one. Default: `pg-pool`.
   */
  poolEngine?: PoolEngineName | PoolEngineFactory | undefined
}
