// Every parameter a configuration may hold: what it is called in each place it may stand in, and what it does. The one
// source of truth; docs/connection-strings.md has a row for each. Knows no values but those that change nothing.
import { JDBC_TUNING } from './jdbc-tuning.ts'
import { OWN_OPTIONS } from './known-names.ts'

export type Reading =
  | 'text'
  | 'encoding'
  | 'count'
  | 'flag'
  | 'integerFlag'
  | 'idleSeconds'
  | 'secondsAsMillis'

export type Effect =
  /** Part of the host list. */
  | { readonly kind: 'server' }
  /** Says where more is to be read: service file, password file. */
  | { readonly kind: 'file' }
  | { readonly kind: 'own' }
  | { readonly kind: 'tls' }
  /** One of the limits that together make pg's connectionTimeoutMillis. */
  | { readonly kind: 'connectLimit' }
  | { readonly kind: 'pg'; readonly option: string; readonly reading: Reading }
  /** A setting of the server that each session starts with. */
  | { readonly kind: 'session'; readonly setting: string }
  /** Read together with others, by name. */
  | { readonly kind: 'special' }
  /** Has no effect here and need not: that is said once, unless the value is one of `harmless`. */
  | { readonly kind: 'notice'; readonly why: string; readonly harmless?: readonly string[] }
  /** Must not be ignored and cannot be had: a fault, unless the value is one of `harmless`. */
  | { readonly kind: 'refused'; readonly why: string; readonly harmless?: readonly string[] }

export interface Parameter {
  /** libpq's keyword, else pgjdbc's property, else the name of an option. */
  readonly name: string
  readonly origin: 'libpq' | 'pgjdbc' | 'pg' | 'own' | 'environment'
  /** pgjdbc's property for the same. */
  readonly jdbc?: string
  readonly env?: string
  /** The option of a Pool for the same. */
  readonly option?: string
  readonly effect: Effect
}

type Row = Omit<Parameter, 'name' | 'origin'>

const SERVER: Effect = { kind: 'server' }
const FILE: Effect = { kind: 'file' }
const TLS: Effect = { kind: 'tls' }
const OWN: Effect = { kind: 'own' }
const LIMIT: Effect = { kind: 'connectLimit' }
const SPECIAL: Effect = { kind: 'special' }

function pg(option: string, reading: Reading = 'text'): Effect {
  return { kind: 'pg', option, reading }
}

function session(setting: string): Effect {
  return { kind: 'session', setting }
}

function notice(why: string, ...harmless: string[]): Effect {
  return { kind: 'notice', why, harmless }
}

function refused(why: string, ...harmless: string[]): Effect {
  return { kind: 'refused', why, harmless }
}

const NO_SOCKET_OPTION = 'Node cannot set this of a socket'
const NO_GSS = 'pg neither logs in nor encrypts by GSSAPI'
const NO_OAUTH = 'pg cannot log in by OAuth'
const NO_SCRAM_KEY = 'pg cannot log in with SCRAM keys, expected a password'
const ONE_PROTOCOL = 'pg speaks version 3.0 of the protocol only'

const LIBPQ: Readonly<Record<string, Row>> = {
  host: { jdbc: 'PGHOST', env: 'PGHOST', option: 'host', effect: SERVER },
  hostaddr: { env: 'PGHOSTADDR', option: 'hostaddr', effect: SERVER },
  port: { jdbc: 'PGPORT', env: 'PGPORT', option: 'port', effect: SERVER },
  dbname: { jdbc: 'PGDBNAME', env: 'PGDATABASE', option: 'database', effect: pg('database') },
  user: { jdbc: 'user', env: 'PGUSER', option: 'user', effect: pg('user') },
  password: { jdbc: 'password', env: 'PGPASSWORD', option: 'password', effect: pg('password') },
  passfile: { env: 'PGPASSFILE', option: 'passfile', effect: FILE },
  service: { jdbc: 'service', env: 'PGSERVICE', option: 'service', effect: FILE },
  servicefile: { env: 'PGSERVICEFILE', effect: FILE },
  require_auth: { jdbc: 'requireAuth', env: 'PGREQUIREAUTH', option: 'require_auth', effect: TLS },
  channel_binding: {
    jdbc: 'channelBinding',
    env: 'PGCHANNELBINDING',
    option: 'channel_binding',
    effect: TLS,
  },
  connect_timeout: { env: 'PGCONNECT_TIMEOUT', effect: LIMIT },
  client_encoding: {
    env: 'PGCLIENTENCODING',
    option: 'client_encoding',
    effect: pg('client_encoding', 'encoding'),
  },
  options: { jdbc: 'options', env: 'PGOPTIONS', option: 'options', effect: SPECIAL },
  application_name: {
    jdbc: 'ApplicationName',
    env: 'PGAPPNAME',
    option: 'application_name',
    effect: pg('application_name'),
  },
  fallback_application_name: { option: 'fallback_application_name', effect: pg('fallback_application_name') },
  keepalives: { effect: pg('keepAlive', 'integerFlag') },
  keepalives_idle: { effect: pg('keepAliveInitialDelayMillis', 'idleSeconds') },
  keepalives_interval: { effect: notice(NO_SOCKET_OPTION, '0') },
  keepalives_count: { effect: notice(NO_SOCKET_OPTION, '0') },
  tcp_user_timeout: { effect: notice(NO_SOCKET_OPTION, '0') },
  replication: { jdbc: 'replication', option: 'replication', effect: pg('replication') },
  target_session_attrs: { env: 'PGTARGETSESSIONATTRS', option: 'target_session_attrs', effect: OWN },
  load_balance_hosts: { env: 'PGLOADBALANCEHOSTS', option: 'load_balance_hosts', effect: OWN },

  sslmode: { jdbc: 'sslmode', env: 'PGSSLMODE', option: 'sslmode', effect: TLS },
  sslnegotiation: { jdbc: 'sslNegotiation', env: 'PGSSLNEGOTIATION', option: 'sslnegotiation', effect: TLS },
  sslrootcert: { jdbc: 'sslrootcert', env: 'PGSSLROOTCERT', option: 'sslrootcert', effect: TLS },
  sslcert: { jdbc: 'sslcert', env: 'PGSSLCERT', option: 'sslcert', effect: TLS },
  sslkey: { jdbc: 'sslkey', env: 'PGSSLKEY', option: 'sslkey', effect: TLS },
  sslpassword: { jdbc: 'sslpassword', option: 'sslpassword', effect: TLS },
  sslcertmode: { env: 'PGSSLCERTMODE', effect: TLS },
  sslcrl: { env: 'PGSSLCRL', option: 'sslcrl', effect: TLS },
  sslcrldir: { env: 'PGSSLCRLDIR', effect: TLS },
  sslsni: { env: 'PGSSLSNI', effect: TLS },
  ssl_min_protocol_version: { env: 'PGSSLMINPROTOCOLVERSION', effect: TLS },
  ssl_max_protocol_version: { env: 'PGSSLMAXPROTOCOLVERSION', effect: TLS },
  sslcompression: { env: 'PGSSLCOMPRESSION', effect: notice('TLS compression is gone, in libpq too', '0') },
  sslkeylogfile: { effect: notice('no TLS keys are written') },

  requirepeer: {
    env: 'PGREQUIREPEER',
    effect: refused('Node cannot tell which user a socket leads to'),
  },
  min_protocol_version: { env: 'PGMINPROTOCOLVERSION', effect: refused(ONE_PROTOCOL, '3.0') },
  max_protocol_version: { env: 'PGMAXPROTOCOLVERSION', effect: notice(ONE_PROTOCOL, '3.0', '3.2', 'latest') },
  gssencmode: {
    jdbc: 'gssEncMode',
    env: 'PGGSSENCMODE',
    effect: refused(NO_GSS, 'disable', 'prefer', 'allow'),
  },
  krbsrvname: { jdbc: 'kerberosServerName', env: 'PGKRBSRVNAME', effect: notice(NO_GSS, 'postgres') },
  gsslib: { jdbc: 'gsslib', env: 'PGGSSLIB', effect: notice(NO_GSS) },
  gssdelegation: { env: 'PGGSSDELEGATION', effect: notice(NO_GSS, '0') },
  scram_client_key: { effect: refused(NO_SCRAM_KEY) },
  scram_server_key: { effect: refused(NO_SCRAM_KEY) },
  oauth_issuer: { effect: notice(NO_OAUTH) },
  oauth_client_id: { effect: notice(NO_OAUTH) },
  oauth_client_secret: { effect: notice(NO_OAUTH) },
  oauth_scope: { effect: notice(NO_OAUTH) },
}

const ENVIRONMENT: Readonly<Record<string, Row>> = {
  PGTZ: { env: 'PGTZ', effect: session('timezone') },
  PGDATESTYLE: { env: 'PGDATESTYLE', effect: session('datestyle') },
  PGGEQO: { env: 'PGGEQO', effect: session('geqo') },
  PGREQUIRESSL: { env: 'PGREQUIRESSL', effect: TLS },
  PGSYSCONFDIR: { env: 'PGSYSCONFDIR', effect: FILE },
}

const JDBC: Readonly<Record<string, Row>> = {
  targetServerType: { option: 'targetServerType', effect: OWN },
  loadBalanceHosts: { option: 'loadBalanceHosts', effect: OWN },
  hostRecheckSeconds: { option: 'hostRecheckSeconds', effect: OWN },
  ssl: { option: 'ssl', effect: TLS },
  connectTimeout: { effect: LIMIT },
  loginTimeout: { effect: LIMIT },
  socketTimeout: { effect: pg('query_timeout', 'secondsAsMillis') },
  tcpKeepAlive: { effect: pg('keepAlive', 'flag') },
  currentSchema: { effect: session('search_path') },
  readOnly: { effect: SPECIAL },
  readOnlyMode: { effect: SPECIAL },
  authenticationPluginClassName: { effect: refused('a Java class cannot give the password here') },
  sslhostnameverifier: { effect: refused('a Java class cannot check the certificate here') },
  sslfactory: {
    effect: refused(
      'a Java class cannot make the TLS connection here, expected sslmode',
      'org.postgresql.ssl.LibPQFactory',
      'org.postgresql.ssl.jdbc4.LibPQFactory',
    ),
  },
  socketFactory: { effect: refused('a Java class cannot make the connection here') },
  ...Object.fromEntries(
    Object.entries(JDBC_TUNING).map(([name, why]) => [name, { effect: notice(why) }] as const),
  ),
}

const PG: Readonly<Record<string, Row>> = {
  connectionTimeoutMillis: { option: 'connectionTimeoutMillis', effect: LIMIT },
  statement_timeout: { option: 'statement_timeout', effect: pg('statement_timeout', 'count') },
  lock_timeout: { option: 'lock_timeout', effect: pg('lock_timeout', 'count') },
  idle_in_transaction_session_timeout: {
    option: 'idle_in_transaction_session_timeout',
    effect: pg('idle_in_transaction_session_timeout', 'count'),
  },
  query_timeout: { option: 'query_timeout', effect: pg('query_timeout', 'count') },
  max: { option: 'max', effect: pg('max', 'count') },
  min: { option: 'min', effect: pg('min', 'count') },
  idleTimeoutMillis: { option: 'idleTimeoutMillis', effect: pg('idleTimeoutMillis', 'count') },
  maxUses: { option: 'maxUses', effect: pg('maxUses', 'count') },
  maxLifetimeSeconds: { option: 'maxLifetimeSeconds', effect: pg('maxLifetimeSeconds', 'count') },
  allowExitOnIdle: { option: 'allowExitOnIdle', effect: pg('allowExitOnIdle', 'flag') },
  uselibpqcompat: { effect: TLS },
}

const OWN_ROWS: Readonly<Record<string, Row>> = Object.fromEntries(
  OWN_OPTIONS.filter((name) => name !== 'hosts' && !(name in LIBPQ) && !(name in JDBC)).map((option) => [
    option,
    { option, effect: OWN },
  ]),
)

function rows(origin: Parameter['origin'], table: Readonly<Record<string, Row>>): readonly Parameter[] {
  return Object.entries(table).map(([name, row]) => Object.freeze({ name, origin, ...row }))
}

export const PARAMETERS: readonly Parameter[] = Object.freeze([
  ...rows('libpq', LIBPQ),
  ...rows('environment', ENVIRONMENT),
  ...rows('pgjdbc', JDBC),
  ...rows('pg', PG),
  ...rows('own', OWN_ROWS),
])

const IN_STRINGS: ReadonlyMap<string, Parameter> = new Map(
  PARAMETERS.filter(({ origin }) => origin !== 'environment').map((each) => [each.name, each]),
)
const IN_JDBC: ReadonlyMap<string, Parameter> = new Map([
  ...IN_STRINGS,
  ...PARAMETERS.flatMap((each) => (each.jdbc === undefined ? [] : [[each.jdbc, each] as const])),
])

/** The parameter a connection string or a service file means by a name. pgjdbc's own spellings count in both dialects. */
export function parameterNamed(name: string, { isJdbc }: { isJdbc: boolean }): Parameter | undefined {
  // PGHOST and its like are properties of a JDBC URL; elsewhere they are variables.
  if (!isJdbc && /^PG[A-Z]/.test(name)) return undefined
  return IN_JDBC.get(name)
}

/** Every name a connection string may use, for suggestions. */
export const STRING_NAMES: readonly string[] = [...IN_JDBC.keys()]
