// Makes a connection string fit to be shown. When in doubt it drops more.
import { hostName } from '../topology/host.ts'
import { parseConnectionText } from './connection-string.ts'
import { FaultList } from './fault-list.ts'
import type { ParsedString } from './parsed-string.ts'
import { resolveHostEntries } from './resolved-hosts.ts'
import { next } from './uri-outline.ts'

/**
 * The hosts of a URI or a JDBC URL and nothing else; `***` for text that could be read in more than one way, and for
 * every keyword=value string: what stands behind a raw password in it may be the rest of it.
 */
export function redact(text: string): string {
  // A raw '@' behind the hosts may be the end of a password that was cut in two by its own '/' or '?'.
  const authorityEnd = next(text, text.indexOf('//') + 2, '/?')
  if (text.includes('@', authorityEnd)) return '***'
  const faults = new FaultList()
  const parsed = parseConnectionText(text.replace(/\?.*$/s, ''), faults, { lenient: true })
  if (parsed === undefined || !faults.isEmpty) return '***'
  const hosts = shownHosts(parsed, faults)
  return hosts ?? '***'
}

function shownHosts({ dialect, parameters }: ParsedString, faults: FaultList): string | undefined {
  if (dialect !== 'libpq-uri' && dialect !== 'jdbc-url') return undefined
  // Without a user, `postgres://app:12345` may be a host and its port, or a user and a password whose host is missing.
  if (dialect === 'libpq-uri' && !parameters.has('user')) return undefined
  const [host, port] = dialect === 'jdbc-url' ? ['PGHOST', 'PGPORT'] : ['host', 'port']
  const lists = { hosts: listOf(parameters.get(host)?.value), ports: listOf(parameters.get(port)?.value) }
  const labels = { hosts: 'host', hostaddrs: 'hostaddr', ports: 'port' }
  const hosts = resolveHostEntries(lists, faults, labels)
  if (!faults.isEmpty || !hosts.every((entry) => isPlainHost(entry.host))) return undefined
  return `${dialect === 'jdbc-url' ? 'jdbc:' : ''}postgresql://${hosts.map(hostName).join(',')}`
}

/** A name, an address or a directory, and nothing that a password would bring along. */
function isPlainHost(host: string): boolean {
  return host.startsWith('/') ? !/[@?#]/.test(host) : !/[\s/@,[\]?#\\]/.test(host)
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',')
}
