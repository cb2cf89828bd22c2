// The hosts that a connection string alone leads to: its own lists, then those of the environment, then the defaults.
// As libpq pairs them at connect, or for a JDBC URL as pgjdbc does, which reads no environment.
import type { FaultList } from './fault-list.ts'
import type { ParsedString } from './parsed-string.ts'
import { type HostEntry, resolveHostEntries } from './resolved-hosts.ts'

type Environment = Readonly<Record<string, string | undefined>>

const LABEL = 'connectionString'

export function connectionHosts(
  parsed: ParsedString,
  { env, faults }: { readonly env: Environment; readonly faults: FaultList },
): readonly HostEntry[] {
  if (parsed.dialect === 'jdbc-url') return jdbcHosts(parsed, faults)
  const hosts = firstOf(parsed, 'host', { env, variable: 'PGHOST' })
  const hostaddrs = firstOf(parsed, 'hostaddr', { env, variable: 'PGHOSTADDR' })
  const ports = firstOf(parsed, 'port', { env, variable: 'PGPORT' })
  return resolveHostEntries({ hosts: hosts.list, hostaddrs: hostaddrs.list, ports: ports.list }, faults, {
    hosts: hosts.label,
    hostaddrs: hostaddrs.label,
    ports: ports.label,
    isQuotable: ports.label !== LABEL,
  })
}

/** What is given counts, and be it empty: so does libpq keep an empty `host=` from becoming PGHOST. */
function firstOf(
  { parameters }: ParsedString,
  keyword: string,
  { env, variable }: { readonly env: Environment; readonly variable: string },
): { readonly list: readonly string[] | undefined; readonly label: string } {
  const given = parameters.get(keyword)?.value
  if (given !== undefined) return { list: given.split(','), label: LABEL }
  const fallback: unknown = env[variable]
  return { list: typeof fallback === 'string' ? fallback.split(',') : undefined, label: variable }
}

/** Java's split drops empty items at the end; its parseInt takes digits and a sign, and no default. */
function jdbcHosts({ parameters }: ParsedString, faults: FaultList): readonly HostEntry[] {
  const hosts = javaSplit(parameters.get('PGHOST')?.value)?.map((host) => host.replace(/^\[(.*)\]$/s, '$1'))
  const ports = javaSplit(parameters.get('PGPORT')?.value)?.map((port) =>
    /^\+?\d+$/.test(port) ? port : '?',
  )
  return resolveHostEntries({ hosts, ports }, faults, { hosts: LABEL, hostaddrs: LABEL, ports: LABEL })
}

function javaSplit(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const items = text.split(',')
  while (items.length > 1 && items.at(-1) === '') items.pop()
  return items
}
