// Gives the parameters of a connection string their meaning: pg's options, options of our own, TLS, or unknown. Knows
// nothing of hosts.
import type { FaultList } from './fault-list.ts'
import type { GivenOptions, GivenValue } from './given-options.ts'
import { MEANINGLESS_PARAMETERS, OWN_OPTIONS } from './known-names.ts'
import type { ParsedUrl, UrlParameter } from './parsed-url.ts'
import { readTls, TLS_PARAMETERS, type TlsReading } from './tls-parameters.ts'
import { isSecret } from './url-query.ts'

export interface UrlReading {
  readonly own: GivenOptions
  /** By pg's names, values typed. */
  readonly pg: ReadonlyMap<string, unknown>
  readonly tls: TlsReading
  /** What no table names; whether that is a fault depends on the whole configuration. */
  readonly unknown: readonly UrlParameter[]
}

type Reading = 'text' | 'count' | 'flag' | 'zeroOrOne' | 'secondsAsMillis' | 'channelBinding'

/** Parameter -> pg's option. libpq's and pgjdbc's names share one table: no name has two meanings. */
const PG_PARAMETERS: ReadonlyMap<string, { option: string; reading: Reading }> = new Map([
  ['user', { option: 'user', reading: 'text' }],
  ['password', { option: 'password', reading: 'text' }],
  ['dbname', { option: 'database', reading: 'text' }],
  ['application_name', { option: 'application_name', reading: 'text' }],
  ['ApplicationName', { option: 'application_name', reading: 'text' }],
  ['fallback_application_name', { option: 'fallback_application_name', reading: 'text' }],
  ['options', { option: 'options', reading: 'text' }],
  ['client_encoding', { option: 'client_encoding', reading: 'text' }],
  ['replication', { option: 'replication', reading: 'text' }],
  ['statement_timeout', { option: 'statement_timeout', reading: 'count' }],
  ['lock_timeout', { option: 'lock_timeout', reading: 'count' }],
  [
    'idle_in_transaction_session_timeout',
    { option: 'idle_in_transaction_session_timeout', reading: 'count' },
  ],
  ['query_timeout', { option: 'query_timeout', reading: 'count' }],
  ['connect_timeout', { option: 'connectionTimeoutMillis', reading: 'secondsAsMillis' }],
  ['connectTimeout', { option: 'connectionTimeoutMillis', reading: 'secondsAsMillis' }],
  ['connectionTimeoutMillis', { option: 'connectionTimeoutMillis', reading: 'count' }],
  ['keepalives', { option: 'keepAlive', reading: 'zeroOrOne' }],
  ['tcpKeepAlive', { option: 'keepAlive', reading: 'flag' }],
  ['keepalives_idle', { option: 'keepAliveInitialDelayMillis', reading: 'secondsAsMillis' }],
  ['channel_binding', { option: 'enableChannelBinding', reading: 'channelBinding' }],
  ['channelBinding', { option: 'enableChannelBinding', reading: 'channelBinding' }],
  ['max', { option: 'max', reading: 'count' }],
  ['min', { option: 'min', reading: 'count' }],
  ['idleTimeoutMillis', { option: 'idleTimeoutMillis', reading: 'count' }],
  ['maxUses', { option: 'maxUses', reading: 'count' }],
  ['maxLifetimeSeconds', { option: 'maxLifetimeSeconds', reading: 'count' }],
  ['allowExitOnIdle', { option: 'allowExitOnIdle', reading: 'flag' }],
])

/** Every name a connection string may use, for suggestions. */
export const URL_NAMES: readonly string[] = [
  ...OWN_OPTIONS.filter((name) => name !== 'hosts'),
  ...PG_PARAMETERS.keys(),
  ...TLS_PARAMETERS,
  ...['host', 'port', 'currentSchema', 'sslNegotiation'],
]

export function readUrlParameters(url: ParsedUrl, faults: FaultList): UrlReading {
  const own = new Map<string, GivenValue>()
  const pg = new Map<string, unknown>()
  const tls = new Map<string, string>()
  const unknown: UrlParameter[] = []
  // Keyed by name first: the last of a repeated parameter counts.
  for (const parameter of new Map(url.parameters.map((each) => [each.name, each])).values()) {
    const { name, value, isQuotable } = parameter
    const known = PG_PARAMETERS.get(name)
    if (name === 'sslNegotiation') tls.set('sslnegotiation', value)
    else if (TLS_PARAMETERS.includes(name)) tls.set(name, value)
    else if (name !== 'hosts' && OWN_OPTIONS.includes(name)) {
      own.set(name, { value, isText: true, isQuotable: isQuotable && !isSecret(name), label: name })
    } else if (known !== undefined) {
      // An empty value is libpq's "not given".
      if (value !== '') pg.set(known.option, readPgValue(parameter, known.reading, faults))
    } else if (name !== 'currentSchema' && !MEANINGLESS_PARAMETERS.has(name)) unknown.push(parameter)
  }
  const schema = url.parameters.findLast((parameter) => parameter.name === 'currentSchema')?.value
  if (schema) pg.set('options', [pg.get('options'), searchPath(schema)].filter(Boolean).join(' '))
  return { own, pg, tls: readTls(tls, faults), unknown }
}

function readPgValue(
  { name, value, isQuotable }: UrlParameter,
  reading: Reading,
  faults: FaultList,
): unknown {
  const fail = (expected: string) => {
    faults.add(
      name,
      `${isQuotable && /^[\w.-]{1,20}$/.test(value) ? `'${value}' given, ` : ''}expected ${expected}`,
    )
    return undefined
  }
  switch (reading) {
    case 'text':
      return value
    case 'count':
      return /^\d{1,10}$/.test(value) ? Number(value) : fail('a whole number from 0')
    case 'flag':
      return value === 'true' || value === 'false' ? value === 'true' : fail('true or false')
    case 'zeroOrOne':
      return value === '0' || value === '1' ? value === '1' : fail('0 or 1')
    case 'secondsAsMillis':
      // libpq takes anything below 0 for no limit, which is 0 in pg.
      return /^-?\d{1,7}$/.test(value) ? Math.max(0, Number(value)) * 1000 : fail('a whole number of seconds')
    case 'channelBinding': {
      const isKnown = ['disable', 'prefer', 'require'].includes(value)
      return isKnown ? value !== 'disable' : fail('disable, prefer, require')
    }
    default:
      return assertNever(reading)
  }
}

/** pgjdbc's currentSchema as a server option, where a space or a backslash is escaped by a backslash. */
function searchPath(schema: string): string {
  return `-c search_path=${schema.replace(/[\s\\]/g, '\\$&')}`
}

function assertNever(value: never): never {
  throw new TypeError(`Unexpected reading ${String(value)}`)
}
