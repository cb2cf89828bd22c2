// The names a libpq URI or a keyword=value string may use: libpq's own, and those that only this library or pg knows.
// Knows nothing of what they mean.
import { OWN_OPTIONS } from './known-names.ts'

/** All that PQconndefaults of libpq 18 lists, in its order. */
export const LIBPQ_KEYWORDS: ReadonlySet<string> = new Set([
  ...['service', 'user', 'password', 'passfile', 'channel_binding', 'connect_timeout', 'dbname', 'host'],
  ...['hostaddr', 'port', 'client_encoding', 'options', 'application_name', 'fallback_application_name'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['sslmode', 'sslnegotiation', 'sslcompression', 'sslcert', 'sslkey', 'sslcertmode', 'sslpassword'],
  ...['sslrootcert', 'sslcrl', 'sslcrldir', 'sslsni', 'requirepeer', 'require_auth', 'min_protocol_version'],
  ...['max_protocol_version', 'ssl_min_protocol_version', 'ssl_max_protocol_version', 'gssencmode'],
  ...['krbsrvname', 'gsslib', 'gssdelegation', 'replication', 'target_session_attrs', 'load_balance_hosts'],
  ...['scram_client_key', 'scram_server_key', 'oauth_issuer', 'oauth_client_id', 'oauth_client_secret'],
  ...['oauth_scope', 'sslkeylogfile'],
])

/** What libpq 18 would refuse: `servicefile` of libpq 19, options of our own, and pg's. */
export const EXTRA_KEYWORDS: ReadonlySet<string> = new Set([
  'servicefile',
  ...OWN_OPTIONS.filter((name) => name !== 'hosts'),
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'query_timeout'],
  ...['connectionTimeoutMillis', 'idleTimeoutMillis', 'max', 'min', 'maxUses', 'maxLifetimeSeconds'],
  ...['allowExitOnIdle', 'uselibpqcompat'],
])

/** What goes by these names is never shown, nor what stands behind it: that may be the rest of a raw password. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  ...['password', 'monitorPassword', 'sslpassword'],
  ...['oauth_client_secret', 'scram_client_key', 'scram_server_key'],
])

export function isSecret(name: string): boolean {
  return SECRET_NAMES.has(name)
}
